#include "server/task_report.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "steps/log_sink.h"
#include "tests/fakes/fake_http_client.h"

namespace {

using server::TaskResult;
using steps::LineKind;
using testing::ElementsAre;

/// A forge that keeps rows as Gitea does: in order, none twice, gaps refused.
class KeepingForge {
 public:
  base::Result<base::HttpResponse> answer(const base::HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto body = *base::parse_json(request.body);
    if (request.url.ends_with("UpdateTask")) {
      last_state = base::json_member(body, "state");
      for (const auto& [name, value] : base::json_member(body, "outputs").items()) outputs[name] = value;
      base::Json sent = base::Json::array();
      for (const auto& [name, value] : outputs) sent.push_back(name);
      return base::HttpResponse{
          200, {}, base::to_text({{"state", {{"result", told_result}}}, {"sentOutputs", sent}})};
    }
    const auto index = std::stoll(base::json_string(body, "index", "0"));
    const auto& sent = base::json_member(body, "rows");
    for (std::size_t i = 0; i < sent.size() && index <= static_cast<std::int64_t>(rows.size()); ++i) {
      if (index + static_cast<std::int64_t>(i) == static_cast<std::int64_t>(rows.size()))
        rows.push_back(base::json_string(sent[i], "content"));
    }
    closed = closed || base::json_bool(body, "noMore");
    if (lost_answers > 0 && lost_answers-- > 0)
      return base::make_error(base::ErrorKind::unavailable, "connection reset");
    return base::HttpResponse{200, {}, base::to_text({{"ackIndex", std::to_string(rows.size())}})};
  }

  std::vector<std::string> rows;
  std::map<std::string, std::string> outputs;
  base::Json last_state;
  std::string told_result = "RESULT_UNSPECIFIED";
  int lost_answers = 0;
  bool closed = false;

 private:
  std::mutex mutex_;
};

class TaskReportTest : public testing::Test {
 protected:
  static runner::RunEvent line(int step, LineKind kind, std::string text) {
    return {.type = "line", .job = "build", .step = step, .kind = kind, .text = std::move(text)};
  }
  static runner::RunEvent event(std::string type, int step, std::string text = "") {
    return {.type = std::move(type), .job = "build", .step = step, .text = std::move(text)};
  }
  server::TaskReportOptions options(std::size_t steps) {
    return {.task = 7,
            .steps = steps,
            .interval = std::chrono::milliseconds(1),
            .longest_pause = std::chrono::milliseconds(2)};
  }

  KeepingForge kept_;
  fakes::FakeHttpClient http_{[this](const base::HttpRequest& request) { return kept_.answer(request); }};
  server::ForgeClient forge_{http_, {"https://git.example.org", "1"}, {.uuid = "u", .token = "t"}};
};

TEST_F(TaskReportTest, TagsLinesAsTheForgesPagesKnowThem) {
  EXPECT_THAT(server::row_texts(line(1, LineKind::group, "Numbers")), ElementsAre("::group::Numbers"));
  EXPECT_THAT(server::row_texts(line(1, LineKind::endgroup, "")), ElementsAre("::endgroup::"));
  EXPECT_THAT(server::row_texts(line(1, LineKind::output, "a\nb")), ElementsAre("a", "b"));
  auto annotation = line(1, LineKind::error, "wrong");
  annotation.type = "annotation";
  EXPECT_THAT(server::row_texts(annotation), ElementsAre("::error::wrong"));
  annotation.details = std::make_shared<const base::Json>(base::Json{{"file", "a.py"}, {"line", 3}});
  EXPECT_THAT(server::row_texts(annotation), ElementsAre("::error file=a.py,line=3::wrong"));
}

TEST_F(TaskReportTest, GivesEachStepItsPartOfTheLog) {
  server::TaskReport report(forge_, options(2));
  report(line(0, LineKind::output, "set up"));
  report(event("step_started", 1, "Run one"));
  report(line(1, LineKind::output, "one\ntwo"));
  report(event("step_summary", 1));
  auto finished = event("step_finished", 1, "Run one");
  finished.details = std::make_shared<const base::Json>(base::Json{{"conclusion", "success"}});
  report(finished);
  report(event("step_skipped", 2, "Run two"));
  report(line(0, LineKind::output, "done"));
  ASSERT_TRUE(report.finish(TaskResult::success, {{"color", "green"}}));
  EXPECT_THAT(kept_.rows, ElementsAre("set up", "one", "two", "done"));
  EXPECT_TRUE(kept_.closed);
  EXPECT_EQ(kept_.outputs.at("color"), "green");
  EXPECT_EQ(base::json_string(kept_.last_state, "result"), "RESULT_SUCCESS");
  const auto& steps = base::json_member(kept_.last_state, "steps");
  EXPECT_EQ(base::json_string(steps[0], "logIndex"), "1");
  EXPECT_EQ(base::json_string(steps[0], "logLength"), "2");
  EXPECT_EQ(base::json_string(steps[0], "result"), "RESULT_SUCCESS");
  EXPECT_EQ(base::json_string(steps[1], "result"), "RESULT_SKIPPED");
}

TEST_F(TaskReportTest, SendsAgainWhatWasNotAcknowledged) {
  kept_.lost_answers = 5;
  server::TaskReport report(forge_, options(0));
  std::vector<std::string> expected;
  for (int i = 0; i < 2500; ++i) {
    expected.push_back("line " + std::to_string(i));
    report.say(expected.back());
  }
  ASSERT_TRUE(report.finish(TaskResult::failure, {}));
  EXPECT_EQ(kept_.rows, expected);
}

TEST_F(TaskReportTest, ClosesALogWithoutLinesByAnEmptyOne) {
  server::TaskReport report(forge_, options(1));
  ASSERT_TRUE(report.finish(TaskResult::cancelled, {}));
  EXPECT_THAT(kept_.rows, ElementsAre(""));
  EXPECT_TRUE(kept_.closed);
  EXPECT_EQ(base::json_string(base::json_member(kept_.last_state, "steps")[0], "result"), "RESULT_CANCELLED");
}

TEST_F(TaskReportTest, LeavesOutOutputsThatAreTooLargeAndSaysSo) {
  server::TaskReport report(forge_, options(0));
  ASSERT_TRUE(
      report.finish(TaskResult::success, {{"big", std::string((1U << 20) + 1, 'x')}, {"small", "1"}}));
  EXPECT_EQ(kept_.outputs, (std::map<std::string, std::string>{{"small", "1"}}));
  EXPECT_THAT(kept_.rows, ElementsAre(testing::HasSubstr("The output 'big' is left out")));
}

TEST_F(TaskReportTest, TellsOnceThatTheForgeHasCancelledTheTask) {
  kept_.told_result = "RESULT_CANCELLED";
  std::mutex mutex;
  std::condition_variable changed;
  int told = 0;
  auto with_cancel = options(0);
  with_cancel.on_cancel = [&] {
    const std::lock_guard lock(mutex);
    ++told;
    changed.notify_all();
  };
  server::TaskReport report(forge_, with_cancel);
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return told > 0; }));
  }
  ASSERT_TRUE(report.finish(TaskResult::cancelled, {}));
  EXPECT_EQ(told, 1);
}

TEST_F(TaskReportTest, GivesUpAtOnceWhenTheForgeDoesNotKnowTheRunner) {
  fakes::FakeHttpClient refusing([](const base::HttpRequest&) {
    return base::HttpResponse{401, {}, R"({"code":"unauthenticated","message":"unregistered runner"})"};
  });
  server::ForgeClient forge(refusing, {"https://git.example.org", "1"}, {.uuid = "u", .token = "t"});
  server::TaskReport report(forge, options(0));
  const auto told = report.finish(TaskResult::success, {});
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().kind, base::ErrorKind::denied);
}

}  // namespace
