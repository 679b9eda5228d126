#include "server/runner_protocol.h"

#include <gmock/gmock.h>

namespace {

using server::TaskResult;

// workflowPayload is "on: push\n".
constexpr const char* kFetched = R"({"tasksVersion": "17", "task": {
  "id": "9007199254740993", "workflowPayload": "b246IHB1c2gK",
  "context": {"actor": "octo"}, "secrets": {"A": "x"}, "vars": {"B": "y"},
  "needs": {"lint": {"outputs": {"score": "9"}, "result": "RESULT_FAILURE"}, "old": {"result": 4}}}})";

TEST(RunnerProtocolTest, ReadsATaskWithIdsThatNoDoubleHolds) {
  const auto fetched = server::read_fetched_task(*base::parse_json(kFetched));
  ASSERT_TRUE(fetched) << fetched.error().to_string();
  ASSERT_TRUE(fetched->task);
  EXPECT_EQ(fetched->tasks_version, 17);
  EXPECT_EQ(fetched->task->id, 9007199254740993);
  EXPECT_EQ(fetched->task->workflow, "on: push\n");
  EXPECT_EQ(base::json_string(fetched->task->context, "actor"), "octo");
  EXPECT_EQ(fetched->task->secrets.at("A"), "x");
  EXPECT_EQ(fetched->task->variables.at("B"), "y");
  EXPECT_EQ(fetched->task->needs.at("lint").result, TaskResult::failure);
  EXPECT_EQ(fetched->task->needs.at("lint").outputs.at("score"), "9");
  EXPECT_EQ(fetched->task->needs.at("old").result, TaskResult::skipped);
}

TEST(RunnerProtocolTest, HasNoTaskWhereTheForgeHasNone) {
  const auto fetched = server::read_fetched_task(*base::parse_json(R"({"tasksVersion":"3"})"));
  ASSERT_TRUE(fetched);
  EXPECT_FALSE(fetched->task);
}

TEST(RunnerProtocolTest, RefusesWhatIsNoTaskOrRunner) {
  EXPECT_FALSE(server::read_fetched_task(*base::parse_json(R"({"task":{"workflowPayload":""}})")));
  EXPECT_FALSE(server::read_fetched_task(*base::parse_json(R"({"task":{"id":"1","workflowPayload":"?"}})")));
  EXPECT_FALSE(server::read_runner(*base::parse_json(R"({"runner":{"uuid":"u"}})")));
  EXPECT_FALSE(server::read_runner(*base::parse_json("[]")));
}

TEST(RunnerProtocolTest, WritesStatesAsProtoJson) {
  server::TaskState state{.id = 5, .result = TaskResult::success};
  state.started = base::from_epoch_seconds(1767323045);
  state.steps.push_back({.result = TaskResult::skipped, .log_index = 2, .log_length = 3});
  state.steps.push_back({});
  EXPECT_EQ(server::to_json(state),
            *base::parse_json(R"({"id":"5","result":"RESULT_SUCCESS","startedAt":"2026-01-02T03:04:05.000Z",
      "steps":[{"id":"0","logIndex":"2","logLength":"3","result":"RESULT_SKIPPED"},
               {"id":"1","logIndex":"0","logLength":"0"}]})"));
}

TEST(RunnerProtocolTest, ReadsWhatTheForgeHoldsATaskToBe) {
  const auto answer = server::read_task_answer(
      *base::parse_json(R"({"state":{"id":"5","result":"RESULT_CANCELLED"},"sentOutputs":["a","b"]})"));
  EXPECT_EQ(answer.result, TaskResult::cancelled);
  EXPECT_THAT(answer.sent_outputs, testing::ElementsAre("a", "b"));
  EXPECT_EQ(server::read_task_answer(*base::parse_json("{}")).result, TaskResult::unspecified);
}

}  // namespace
