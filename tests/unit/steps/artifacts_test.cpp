#include "steps/artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace steps {
namespace {

class ArtifactsTest : public ::testing::Test {
 protected:
  ArtifactsTest() : store_(*BlobStore::open(folder_.path())) {}

  bool upload(int attempt, const std::string& name) {
    const ResultsAccess access{.store = store_.get(), .run_id = 7, .job = "test", .repository = "octo/repo"};
    auto draft = begin_artifact({.access = access, .attempt = std::to_string(attempt), .name = name});
    return draft && store_->finish(std::move(*draft)).ok();
  }
  std::vector<std::string> names(std::int64_t run = 7) {
    std::vector<std::string> names;
    for (const auto& artifact : list_artifacts(*store_, run)) names.push_back(artifact.name);
    return names;
  }

  base::TempDir folder_ = std::move(*base::TempDir::create("artifacts"));
  std::shared_ptr<BlobStore> store_;
};

TEST_F(ArtifactsTest, AreImmutableWithinAnAttemptAndReplacedByTheNext) {
  EXPECT_TRUE(upload(1, "result"));
  EXPECT_TRUE(upload(1, "other"));
  EXPECT_FALSE(upload(1, "result"));
  const auto first = find_artifact(*store_, 7, "result");
  EXPECT_TRUE(upload(2, "result"));
  const auto second = find_artifact(*store_, 7, "result");
  ASSERT_TRUE(first && second);
  EXPECT_GT(second->blob.id, first->blob.id);
  EXPECT_THAT(names(), ::testing::ElementsAre("other", "result"));
  ASSERT_TRUE(remove_artifact(*store_, 7, *second));
  EXPECT_THAT(names(), ::testing::ElementsAre("other"));
}

TEST_F(ArtifactsTest, OfARunAreForgottenTogether) {
  upload(1, "result");
  upload(1, "other");
  EXPECT_THAT(runs_with_artifacts(*store_), ::testing::ElementsAre(7));
  ASSERT_TRUE(remove_artifacts_of_run(*store_, 7));
  EXPECT_THAT(runs_with_artifacts(*store_), ::testing::IsEmpty());
}

TEST_F(ArtifactsTest, AreKeptNinetyDaysUnlessToldOtherwise) {
  upload(1, "result");
  const auto artifact = find_artifact(*store_, 7, "result");
  ASSERT_TRUE(artifact);
  EXPECT_NEAR(artifact->blob.expires - artifact->blob.created, 90 * 86400, 60);
}

TEST_F(ArtifactsTest, HaveNamesThatEveryFileSystemTakes) {
  for (const char* name : {"a/b", "a\\b", "a:b", "a\"b", "a<b", "a|b", "a*b", "a?b", "a\nb", ""})
    EXPECT_FALSE(check_artifact_name(name).ok()) << name;
  EXPECT_TRUE(check_artifact_name("a b-c.d_e"));
  EXPECT_TRUE(check_artifact_path("/a/b\\c"));
  EXPECT_FALSE(check_artifact_path("/a:b").ok());
}

}  // namespace
}  // namespace steps
