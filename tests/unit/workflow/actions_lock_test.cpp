#include "workflow/actions_lock.h"

#include <gmock/gmock.h>

namespace workflow {
namespace {

using testing::HasSubstr;

const std::string kOne(40, '1');
const std::string kTwo(40, '2');

/// As gh-actions-lock writes it: what a workflow names, and what that uses in turn.
ActionsLock sample() {
  const auto lock = read_actions_lock("actions.lock",
                                      "version: 'v0.0.2'\n"
                                      "workflows:\n"
                                      "    '.github/workflows/ci.yml':\n"
                                      "        - 'Octo/Outer@v1'\n"
                                      "dependencies:\n"
                                      "    'octo/outer@v1':\n"
                                      "        ref: 'v1'\n"
                                      "        commit: 'sha1-" +
                                          kOne +
                                          "'\n"
                                          "        owner_id: 1\n"
                                          "        repo_id: 2\n"
                                          "        uses:\n"
                                          "            - 'octo/inner@main'\n"
                                          "    'octo/inner@main':\n"
                                          "        ref: 'main'\n"
                                          "        commit: 'sha1-" +
                                          kTwo +
                                          "'\n"
                                          "    'octo/unused@v1':\n"
                                          "        commit: 'sha1-" +
                                          kTwo + "'\n");
  EXPECT_TRUE(lock.ok()) << lock.error().to_string();
  return lock.ok() ? *lock : ActionsLock();
}

base::Result<std::string> locked(const std::string& uses,
                                 const std::string& workflow = ".github/workflows/ci.yml") {
  return locked_commit(sample(), workflow, *parse_repository_reference(uses));
}

TEST(ActionsLock, NamesTheCommitOfWhatAWorkflowUses) {
  EXPECT_EQ(*locked("OCTO/outer/in/side@v1"), kOne);
  EXPECT_EQ(*locked("octo/inner@main"), kTwo);
  EXPECT_EQ(*locked("octo/outer@v9", ".github/workflows/other.yml"), "");
}

TEST(ActionsLock, RefusesWhatTheWorkflowDoesNotUse) {
  EXPECT_THAT(locked("octo/outer@v2").error().message, HasSubstr("does not know `octo/outer@v2`"));
  EXPECT_FALSE(locked("octo/unused@v1").ok());
  EXPECT_FALSE(locked("octo/inner@" + std::string(40, '3')).ok());
}

TEST(ActionsLock, KnowsItsOwnCommits) {
  // As `$/path` in what is locked names them.
  EXPECT_EQ(*locked("octo/inner@" + kTwo), kTwo);
}

TEST(ActionsLock, SaysWhereItIsWrong) {
  const std::pair<std::string, std::string> wrong[] = {
      {"[]", "1:1"},
      {"version: v0.0.1\n", "1:10"},
      {"version: v0.0.3\nworkflows: {x: [octo]}\n", "2:17"},
      {"version: v0.0.3\nworkflows: {x: [octo/a/b@v1]}\n", "2:17"},
      {"version: v0.0.3\ndependencies: {octo/a@v1: {commit: 123}}\n", "2:36"},
      {"version: v0.0.3\ndependencies: {octo/a@v1: {commit: sha256-12}}\n", "2:36"},
  };
  for (const auto& [text, place] : wrong) {
    const auto lock = read_actions_lock("actions.lock", text);
    ASSERT_FALSE(lock.ok()) << text;
    EXPECT_THAT(lock.error().to_string(), HasSubstr("actions.lock:" + place + ":")) << text;
  }
}

TEST(RepositoryReference, IsOwnerRepositoryPathAndRef) {
  const auto reference = parse_repository_reference("octo/kit/./a//b/@releases/v1");
  ASSERT_TRUE(reference);
  EXPECT_EQ(*reference, (RepositoryReference{"octo/kit", "a/b", "releases/v1"}));
  EXPECT_EQ(to_string(*reference), "octo/kit/a/b@releases/v1");
}

TEST(RepositoryReference, IsNothingThatLeadsElsewhere) {
  for (const char* wrong :
       {"octo@v1", "octo/kit", "octo/kit@", "/kit@v1", "octo/../x@v1", "octo/kit/../../x@v1",
        "octo/kit@../v1", "octo/kit@-v1", "octo/kit@a b", "octo/kit@v1@{0}", "./octo/kit@v1", "octo/k it@v1",
        "octo/kit@/v1", "octo/kit@.v1", "octo/kit@a/.b"})
    EXPECT_FALSE(parse_repository_reference(wrong)) << wrong;
}

TEST(RepositoryReference, KnowsFullAndShortCommits) {
  EXPECT_TRUE(is_full_commit(kOne));
  EXPECT_FALSE(is_full_commit("v1"));
  EXPECT_TRUE(is_short_commit("abc1234"));
  EXPECT_FALSE(is_short_commit("abc123"));
  EXPECT_FALSE(is_short_commit("release"));
}

}  // namespace
}  // namespace workflow
