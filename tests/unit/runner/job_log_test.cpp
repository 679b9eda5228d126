#include "runner/job_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/json.h"

namespace runner {
namespace {

using steps::LineKind;
using ::testing::HasSubstr;
using ::testing::Not;

class JobLogTest : public ::testing::Test {
 protected:
  JobLogTest() {
    stream_.add_reader([this](const RunEvent& event) { events_.push_back(event); });
    masker_.add("hunter2");
  }
  const base::Json& details() { return *events_.back().details; }

  EventStream stream_;
  steps::SecretMasker masker_;
  std::vector<RunEvent> events_;
  JobLog log_{"build (1)", stream_, masker_};
};

TEST_F(JobLogTest, PublishesLinesWithTheirJobStepAndKind) {
  log_.line(LineKind::output, "before");
  log_.enter_step(3);
  log_.line(LineKind::group, "Run make");
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].type, "line");
  EXPECT_EQ(events_[0].job, "build (1)");
  EXPECT_EQ(events_[0].step, 0);
  EXPECT_EQ(events_[1].step, 3);
  EXPECT_EQ(events_[1].kind, LineKind::group);
  EXPECT_EQ(events_[1].text, "Run make");
}

TEST_F(JobLogTest, MasksLines) {
  log_.line(LineKind::output, "password=hunter2!");
  EXPECT_EQ(events_[0].text, "password=***!");
}

TEST_F(JobLogTest, MasksASecretThatCameLater) {
  log_.line(LineKind::output, "later");
  masker_.add("later");
  log_.line(LineKind::output, "later");
  EXPECT_EQ(events_[0].text, "later");
  EXPECT_EQ(events_[1].text, "***");
}

TEST_F(JobLogTest, MasksEveryPartOfAnAnnotation) {
  log_.annotation({.level = LineKind::warning,
                   .message = "hunter2 leaked",
                   .title = "about hunter2",
                   .file = "src/hunter2.c",
                   .line = 7,
                   .end_column = 9});
  EXPECT_EQ(events_[0].type, "annotation");
  EXPECT_EQ(events_[0].kind, LineKind::warning);
  EXPECT_EQ(events_[0].text, "*** leaked");
  EXPECT_EQ(details(),
            base::Json({{"title", "about ***"}, {"file", "src/***.c"}, {"line", 7}, {"end_column", 9}}));
  EXPECT_THAT(to_json_line(events_[0]), Not(HasSubstr("hunter2")));
}

TEST_F(JobLogTest, TakesAnAnnotationWithoutAPlace) {
  log_.annotation({.level = LineKind::error, .message = "broken"});
  EXPECT_THAT(to_json_line(events_[0]), HasSubstr(R"("kind":"error","text":"broken")"));
}

TEST_F(JobLogTest, MasksWhatAnEventHoldsHoweverDeep) {
  log_.event("image_pushed", {{"text", "pushed hunter2"},
                              {"tags", {"a", "hunter2"}},
                              {"nested", {{"hunter2", {{"deep", "x-hunter2"}}}}},
                              {"size", 5}});
  EXPECT_EQ(events_[0].type, "image_pushed");
  EXPECT_EQ(events_[0].text, "pushed ***");
  EXPECT_EQ(details(),
            base::Json({{"tags", {"a", "***"}}, {"nested", {{"***", {{"deep", "x-***"}}}}}, {"size", 5}}));
}

TEST_F(JobLogTest, TakesAnEventThatIsNoObject) {
  log_.event("odd", base::Json::array({"hunter2", 1}));
  log_.event("odder", base::Json());
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(*events_[0].details, base::Json::array({"***", 1}));
  EXPECT_THAT(to_json_line(events_[1]), HasSubstr(R"("type":"odder")"));
}

TEST_F(JobLogTest, TakesLinesFromSeveralThreads) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([this] {
        for (int n = 0; n < 100; ++n) log_.line(LineKind::output, "a line");
      });
  }
  EXPECT_EQ(events_.size(), 400U);
}

}  // namespace
}  // namespace runner
