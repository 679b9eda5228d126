#include "workflow/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "workflow/event_payload.h"
#include "workflow/event_table.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TriggerVerdict verdict(const std::string& on, const Event& event) {
  const auto loaded =
      load_workflow("w.yml", "on:\n" + on + "\njobs:\n  a:\n    runs-on: x\n    steps: [{run: a}]\n");
  EXPECT_TRUE(loaded.workflow.has_value()) << on;
  return loaded.workflow ? matches(*loaded.workflow, event) : TriggerVerdict{};
}
bool fires(const std::string& on, const Event& event) {
  return verdict(on, event).fires;
}

Event push_of(const std::string& ref, std::vector<std::string> files = {}) {
  Event event{.name = "push", .ref = ref};
  event.changed_files_known = !files.empty();
  event.changed_files = std::move(files);
  return event;
}
Event event_of(const std::string& name, const std::string& action,
               const base::Json& payload = base::Json::object()) {
  return {
      .name = name, .payload = expression::from_json(payload), .ref = "refs/heads/main", .action = action};
}
Event parsed(const std::string& name, const base::Json& payload) {
  auto event = event_from_payload(name, payload, {.default_branch = "trunk", .sha = "head"});
  EXPECT_TRUE(event.ok()) << (event.ok() ? "" : event.error().message);
  return event ? *event : Event{};
}

TEST(Triggers, OfBranchesDoNotFireForTagsNorTheOtherWayRound) {
  EXPECT_TRUE(fires("  push: {branches: [main]}", push_of("refs/heads/main")));
  EXPECT_FALSE(fires("  push: {branches: [main]}", push_of("refs/tags/main")));
  EXPECT_FALSE(fires("  push: {tags: ['v*']}", push_of("refs/heads/v1")));
  EXPECT_TRUE(fires("  push: {tags: ['v*']}", push_of("refs/tags/v1")));
  EXPECT_FALSE(fires("  push: {branches-ignore: [x]}", push_of("refs/tags/v1")));
  EXPECT_FALSE(fires("  push: {tags-ignore: [x]}", push_of("refs/heads/main")));
  EXPECT_TRUE(fires("  push: {branches: [main], tags: ['v*']}", push_of("refs/tags/v1")));
  EXPECT_TRUE(fires("  push: {branches: [main], tags: ['v*']}", push_of("refs/heads/main")));
  EXPECT_FALSE(fires("  push: {branches: [main], tags-ignore: ['v*']}", push_of("refs/tags/v1")));
  EXPECT_TRUE(fires("  push:", push_of("refs/tags/v1")));
}

TEST(Triggers, WithBranchesAndPathsWantBoth) {
  const std::string on = "  push: {branches: [main], paths: ['src/**', '!src/docs/**']}";
  EXPECT_TRUE(fires(on, push_of("refs/heads/main", {"README.md", "src/a"})));
  EXPECT_FALSE(fires(on, push_of("refs/heads/dev", {"src/a"})));
  EXPECT_FALSE(fires(on, push_of("refs/heads/main", {"README.md"})));
  EXPECT_FALSE(fires(on, push_of("refs/heads/main", {"src/docs/a"})));
}

TEST(Triggers, LookAtPathsOnlyWhereTheyAreKnownAndNeverForTags) {
  EXPECT_TRUE(fires("  push: {paths: [src]}", push_of("refs/heads/main")));
  EXPECT_TRUE(fires("  push: {paths: [src]}", push_of("refs/tags/v1", {"other"})));
  auto nothing_changed = push_of("refs/heads/main");
  nothing_changed.changed_files_known = true;
  EXPECT_FALSE(fires("  push: {paths: ['**']}", nothing_changed));
  EXPECT_FALSE(
      fires("  push: {paths-ignore: ['docs/**']}", push_of("refs/heads/main", {"docs/a", "docs/b"})));
  EXPECT_TRUE(fires("  push: {paths-ignore: ['docs/**']}", push_of("refs/heads/main", {"docs/a", "src/b"})));
}

TEST(Triggers, OfPullRequestsFireOnThreeTypesUnlessTheyNameOthers) {
  for (const std::string event : {"pull_request", "pull_request_target"}) {
    for (const auto* type : {"opened", "synchronize", "reopened"})
      EXPECT_TRUE(fires("  " + event + ":", event_of(event, type))) << type;
    for (const auto* type : {"closed", "labeled", "edited", "ready_for_review"})
      EXPECT_FALSE(fires("  " + event + ":", event_of(event, type))) << type;
    EXPECT_TRUE(fires("  " + event + ": {types: [closed]}", event_of(event, "closed")));
    EXPECT_FALSE(fires("  " + event + ": {types: [closed]}", event_of(event, "opened")));
  }
}

TEST(Triggers, OfOtherEventsFireOnEveryTypeThatActionsKnows) {
  for (const auto& kind : event_kinds()) {
    if (kind.types.empty() || !kind.default_types.empty()) continue;
    const std::string name(kind.name);
    EXPECT_TRUE(
        fires("  " + name + ":", event_of(name, std::string(kind.types.substr(0, kind.types.find(' '))))))
        << name;
    EXPECT_FALSE(fires("  " + name + ":", event_of(name, "unheard_of"))) << name;
  }
  // The webhook has more types than trigger workflows.
  EXPECT_FALSE(fires("  check_suite:", event_of("check_suite", "requested")));
  EXPECT_FALSE(fires("  merge_group:", event_of("merge_group", "destroyed")));
  // Its payload has an action, though the event has no types.
  EXPECT_TRUE(fires("  deployment:", event_of("deployment", "created")));
}

TEST(Triggers, OfPullRequestsAndMergeGroupsFilterTheBranchTheyGoInto) {
  auto event = parsed(
      "pull_request",
      {{"action", "opened"},
       {"number", 7},
       {"pull_request", {{"number", 7}, {"base", {{"ref", "releases/1"}}}, {"head", {{"ref", "feature"}}}}}});
  EXPECT_TRUE(fires("  pull_request: {branches: ['releases/**']}", event));
  EXPECT_FALSE(fires("  pull_request: {branches: [feature]}", event));
  EXPECT_FALSE(fires("  pull_request: {branches-ignore: ['releases/**']}", event));
  event =
      parsed("merge_group",
             {{"action", "checks_requested"},
              {"merge_group",
               {{"head_ref", "refs/heads/gh-readonly-queue/main/pr-1"}, {"base_ref", "refs/heads/main"}}}});
  EXPECT_TRUE(fires("  merge_group: {branches: [main]}", event));
  EXPECT_FALSE(fires("  merge_group: {branches: ['gh-*/**']}", event));
}

TEST(Triggers, OfRunsFilterTheirWorkflowTheirTypeAndTheirBranch) {
  const auto event =
      parsed("workflow_run", {{"action", "completed"},
                              {"workflow", {{"name", "Build [all]"}}},
                              {"workflow_run", {{"head_branch", "canary"}, {"name", "Build [all]"}}}});
  EXPECT_TRUE(fires("  workflow_run: {workflows: ['Build [all]']}", event));
  EXPECT_TRUE(fires(
      "  workflow_run: {workflows: [Other, 'Build [all]'], types: [completed], branches: [canary]}", event));
  EXPECT_FALSE(fires("  workflow_run: {workflows: [Build]}", event));
  EXPECT_FALSE(fires("  workflow_run: {workflows: ['Build [all]'], types: [requested]}", event));
  EXPECT_FALSE(fires("  workflow_run: {workflows: ['Build [all]'], branches: [main]}", event));
  EXPECT_FALSE(fires("  workflow_run: {workflows: ['Build [all]'], branches-ignore: [canary]}", event));
}

TEST(Triggers, OfDispatchesFilterTheTypeThatWasSent) {
  const auto event = parsed("repository_dispatch", {{"action", "test_result"}, {"branch", "trunk"}});
  EXPECT_TRUE(fires("  repository_dispatch:", event));
  EXPECT_TRUE(fires("  repository_dispatch: {types: [test_result]}", event));
  EXPECT_FALSE(fires("  repository_dispatch: {types: [other]}", event));
}

TEST(Triggers, OfSchedulesFireForTheirOwnTimes) {
  const std::string on = "  schedule: [{cron: '30 5 * * 1,3'}, {cron: '30 5 * * 2,4'}]";
  EXPECT_TRUE(fires(on, event_of("schedule", "", {{"schedule", "30 5 * * 2,4"}})));
  EXPECT_FALSE(fires(on, event_of("schedule", "", {{"schedule", "0 0 * * *"}})));
  EXPECT_TRUE(fires(on, event_of("schedule", "")));
}

TEST(Triggers, OfImagesFilterNamesAndVersions) {
  const auto event =
      event_of("image_version", "ready", {{"image_version", {{"name", "base-linux"}, {"version", "1.4"}}}});
  EXPECT_TRUE(fires("  image_version:", event));
  EXPECT_TRUE(fires("  image_version: {names: ['base-*'], versions: ['1.*']}", event));
  EXPECT_FALSE(fires("  image_version: {names: [other]}", event));
  EXPECT_FALSE(fires("  image_version: {versions: ['2.*']}", event));
}

TEST(Triggers, OfCallsFireForNoEvent) {
  EXPECT_FALSE(fires("  workflow_call:", push_of("refs/heads/main")));
}

TEST(Verdicts, NameTheFilterAndWhatItWasHeldAgainst) {
  auto said = verdict("  push: {branches: [main, 'releases/**']}", push_of("refs/heads/dev"));
  EXPECT_EQ(said.reason, "its branches filter ('main', 'releases/**') does not match the branch 'dev'");
  EXPECT_EQ(said.filter, "branches");
  EXPECT_THAT(said.patterns, ElementsAre("main", "releases/**"));
  EXPECT_THAT(said.held, ElementsAre("dev"));
  said = verdict("  push: {branches-ignore: [dev]}", push_of("refs/heads/dev"));
  EXPECT_EQ(said.reason, "its branches-ignore filter ('dev') matches the branch 'dev'");
  said = verdict("  push: {paths: [src/**]}", push_of("refs/heads/dev", {"a", "b"}));
  EXPECT_EQ(said.reason, "its paths filter ('src/**') lets none of the changed files through: 'a', 'b'");
  EXPECT_THAT(said.held, ElementsAre("a", "b"));
  said = verdict("  push: {tags: [v*]}", push_of("refs/heads/dev"));
  EXPECT_EQ(said.reason, "it filters by tags alone, so that the push of the branch 'dev' does not count");
  said = verdict("  issues: {types: [opened]}", event_of("issues", "closed"));
  EXPECT_EQ(said.reason, "its types ('opened') do not hold 'closed'");
  said = verdict("  pull_request:", event_of("pull_request", "closed"));
  EXPECT_THAT(said.reason, HasSubstr("only on 'opened', 'synchronize', 'reopened'; this is 'closed'"));
  EXPECT_EQ(verdict("  push:", event_of("fork", "")).reason, "it is not triggered by 'fork'");
  EXPECT_EQ(verdict("  fork:", event_of("fork", "")).reason, "it is triggered by every 'fork'");
}

TEST(EventPayload, OfAPushHoldsTheFilesOfItsCommits) {
  base::Json payload = {
      {"ref", "refs/heads/main"},
      {"after", std::string(40, 'a')},
      {"commits",
       {{{"added", {"b"}}, {"removed", {"c"}}, {"modified", base::Json::array()}},
        {{"added", base::Json::array()}, {"removed", base::Json::array()}, {"modified", {"b", "a"}}}}}};
  auto event = parsed("push", payload);
  EXPECT_TRUE(event.changed_files_known);
  EXPECT_THAT(event.changed_files, ElementsAre("a", "b", "c"));
  EXPECT_EQ(event.sha, std::string(40, 'a'));
  payload["forced"] = true;
  EXPECT_FALSE(parsed("push", payload).changed_files_known);
  payload["forced"] = false;
  payload["commits"][1].erase("modified");
  EXPECT_FALSE(parsed("push", payload).changed_files_known);
}

TEST(EventPayload, OfADeletedBranchRunsOnTheDefaultBranchAndFiltersByTheDeletedOne) {
  const auto event =
      parsed("push", {{"ref", "refs/heads/gone"}, {"after", std::string(40, '0')}, {"deleted", true}});
  EXPECT_EQ(event.ref, "refs/heads/trunk");
  EXPECT_EQ(event.sha, "head");
  EXPECT_TRUE(fires("  push: {branches: [gone]}", event));
  EXPECT_FALSE(fires("  push: {branches: [trunk]}", event));
}

TEST(EventPayload, SaysWhichRefEachEventIsAbout) {
  const std::string commit(40, 'c');
  const auto ref_of = [](const std::string& name, const base::Json& payload) {
    const auto event = parsed(name, payload);
    return event.ref + " " + event.sha;
  };
  const base::Json merged = {
      {"number", 7}, {"merged", true}, {"merge_commit_sha", commit}, {"base", {{"ref", "dev"}}}};
  EXPECT_EQ(ref_of("pull_request", {{"action", "closed"}, {"pull_request", merged}}),
            "refs/heads/dev " + commit);
  EXPECT_EQ(ref_of("pull_request_review", {{"pull_request", {{"number", 7}}}}), "refs/pull/7/merge head");
  EXPECT_EQ(ref_of("pull_request_target", {{"pull_request", {{"number", 7}, {"base", {{"ref", "dev"}}}}}}),
            "refs/heads/trunk head");
  EXPECT_EQ(ref_of("release", {{"release", {{"tag_name", "v1"}, {"target_commitish", "main"}}}}),
            "refs/tags/v1 head");
  EXPECT_EQ(ref_of("create", {{"ref", "v1"}, {"ref_type", "tag"}}), "refs/tags/v1 head");
  EXPECT_EQ(ref_of("create", {{"ref", "dev"}, {"ref_type", "branch"}}), "refs/heads/dev head");
  EXPECT_EQ(ref_of("delete", {{"ref", "dev"}, {"ref_type", "branch"}}), "refs/heads/trunk head");
  EXPECT_EQ(ref_of("deployment", {{"deployment", {{"ref", commit}, {"sha", commit}}}}), " " + commit);
  EXPECT_EQ(ref_of("workflow_dispatch", {{"ref", "refs/heads/dev"}}), "refs/heads/dev head");
  EXPECT_EQ(ref_of("schedule", {{"schedule", "0 0 * * *"}, {"repository", {{"default_branch", "master"}}}}),
            "refs/heads/master head");
  EXPECT_EQ(ref_of("registry_package",
                   {{"registry_package",
                     {{"package_version", {{"target_commitish", "dev"}, {"target_oid", commit}}}}}}),
            "refs/heads/dev " + commit);
}

TEST(EventPayload, RefusesWhatTriggersNothingAndWhatLacksItsRef) {
  const auto refusal = [](const std::string& name, const base::Json& payload) {
    const auto event = event_from_payload(name, payload, {});
    return event.ok() ? "" : event.error().message;
  };
  EXPECT_EQ(refusal("ping", base::Json::object()), "no workflow is triggered by 'ping' events");
  EXPECT_EQ(refusal("pull_requst", base::Json::object()),
            "no workflow is triggered by 'pull_requst' events; did you mean 'pull_request'?");
  EXPECT_EQ(refusal("release", base::Json::object()),
            "the payload of a 'release' event needs release.tag_name, which this one has not");
  EXPECT_EQ(refusal("push", base::Json::array()), "expected the payload of an event to be an object");
  for (const auto& kind : event_kinds()) {
    // Nothing that stands in a payload may end the program.
    (void)refusal(
        std::string(kind.name),
        {{"pull_request", 1}, {"commits", {1, "x"}}, {"repository", base::Json::array()}, {"sender", 5}});
  }
}

TEST(SkipInstructions, StandAnywhereInTheMessageOrInATrailer) {
  for (const auto* message :
       {"fix [skip ci]", "[ci skip] a", "a\n\nb [no ci]", "[skip actions]", "[actions skip]", "[Skip CI]",
        "a\n\n\nskip-checks:true", "a\n\n\nSigned-off-by: x\nskip-checks: true\n"})
    EXPECT_TRUE(asks_to_skip(message)) << message;
  for (const auto* message : {"", "skip ci", "[skip  ci]", "skip-checks: true", "a\n\nskip-checks: false",
                              "a\n\nskip-checks: true\n\nmore"})
    EXPECT_FALSE(asks_to_skip(message)) << message;
}

TEST(SkipInstructions, CountForPushesAndPullRequestsOnly) {
  const base::Json payload = {{"head_commit", {{"message", "a [skip ci]"}}}};
  EXPECT_TRUE(starts_nothing(event_of("push", "", payload)).has_value());
  EXPECT_FALSE(starts_nothing(event_of("push", "", {{"head_commit", {{"message", "a"}}}})).has_value());
  EXPECT_TRUE(starts_nothing(event_of("pull_request", "opened"), "a [skip ci]").has_value());
  EXPECT_FALSE(starts_nothing(event_of("pull_request_target", "opened"), "a [skip ci]").has_value());
}

TEST(Events, OfDraftsInactiveDeploymentsAndActionsOwnChecksStartNothing) {
  const base::Json draft = {{"release", {{"draft", true}}}};
  EXPECT_TRUE(starts_nothing(event_of("release", "created", draft)).has_value());
  EXPECT_FALSE(starts_nothing(event_of("release", "published", draft)).has_value());
  EXPECT_TRUE(starts_nothing(
                  event_of("deployment_status", "created", {{"deployment_status", {{"state", "inactive"}}}}))
                  .has_value());
  EXPECT_FALSE(starts_nothing(
                   event_of("deployment_status", "created", {{"deployment_status", {{"state", "success"}}}}))
                   .has_value());
  EXPECT_TRUE(starts_nothing(event_of("check_run", "completed",
                                      {{"check_run", {{"app", {{"slug", "github-actions"}}}}}}))
                  .has_value());
  EXPECT_FALSE(
      starts_nothing(event_of("check_run", "completed", {{"check_run", {{"app", {{"slug", "linter"}}}}}}))
          .has_value());
}

}  // namespace
}  // namespace workflow
