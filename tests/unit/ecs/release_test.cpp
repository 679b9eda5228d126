#include "ecs/release.h"

#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;

/// An AWS with services whose deployments end as a test says, one look after they began.
class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() : http_([this](const base::HttpRequest& request) { return answer(request); }) {
    aws::ClientOptions options;
    options.http = &http_;
    options.clock = &clock_;
    options.region = "eu-central-1";
    options.credentials = aws::Credentials{"AKIA1", "secret", "", {}};
    options.stop = stop_.get_token();
    client_.emplace(std::move(options));
  }
  void add_service(const std::string& name, std::vector<std::string> needs = {}) {
    ReleaseItem item;
    item.name = item.service = name;
    item.cluster = "production";
    item.task_definition = name + ":2";
    item.needs = std::move(needs);
    release_.items.push_back(std::move(item));
    running_[name] = {{"id", name + "-1"},
                      {"status", "PRIMARY"},
                      {"taskDefinition", "arn:td/" + name + ":1"},
                      {"rolloutState", "COMPLETED"}};
  }
  void add_task(const std::string& name, int exit_code) {
    ReleaseItem item;
    item.name = name;
    item.kind = ItemKind::task;
    item.cluster = "production";
    item.task_definition = name;
    item.run_task = {{"launchType", "FARGATE"}};
    release_.items.push_back(std::move(item));
    exit_code_ = exit_code;
  }
  ReleaseOutcome run() {
    return carry_out(*client_, release_, [](const ReleaseItem&) { return FollowNews(); });
  }
  static std::vector<std::string> states(const ReleaseOutcome& outcome) {
    std::vector<std::string> states;
    for (const auto& item : outcome.items)
      states.push_back(item.name + " " + std::string(to_string(item.state)));
    return states;
  }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  std::stop_source stop_;
  std::optional<aws::Client> client_;
  Release release_;
  std::map<std::string, Json> running_;  ///< the primary deployment of each service
  std::string failing_;                  ///< task definition whose deployments fail
  std::vector<std::string> asked_;       ///< UpdateService and RunTask, in order
  int exit_code_ = 0;
  std::string stops_at_;    ///< the operation during which somebody presses Ctrl-C
  std::string last_heard_;  ///< task definition after whose deployment AWS answers no more
  bool lost_ = false;

 private:
  fakes::FakeHttpClient::Answer answer(const base::HttpRequest& request) {
    const auto target = base::header_value(request.headers, "X-Amz-Target").value_or("x.x");
    const auto operation = target.substr(target.find('.') + 1);
    const Json body = base::parse_json(request.body).value_or(Json());
    if (lost_)
      return base::HttpResponse{400, {}, R"({"__type":"ExpiredTokenException","message":"expired"})"};
    if (operation == "DescribeTaskDefinition") {
      return json({{"taskDefinition",
                    {{"taskDefinitionArn", "arn:td/" + base::json_string(body, "taskDefinition")}}}});
    }
    if (operation == "RunTask") {
      asked_.push_back("task");
      return json({{"tasks", {{{"taskArn", "arn:task/1"}}}}});
    }
    if (operation == "DescribeTasks") {
      return json({{"tasks",
                    {{{"taskArn", "arn:task/1"},
                      {"lastStatus", "STOPPED"},
                      {"containers", {{{"name", "c"}, {"exitCode", exit_code_}}}}}}}});
    }
    if (operation == stops_at_) stop_.request_stop();
    if (operation == "UpdateService") {
      const auto name = base::json_string(body, "service");
      const auto definition = base::json_string(body, "taskDefinition");
      asked_.push_back(definition);
      lost_ = definition == last_heard_;
      running_[name] = {{"id", definition + "!"},
                        {"status", "PRIMARY"},
                        {"taskDefinition", definition},
                        {"rolloutState", "IN_PROGRESS"}};
      return json({{"service", service(name)}});
    }
    if (operation == "DescribeServices") {
      const std::string name = body["services"][0];
      const auto answer = json({{"services", {service(name)}}});
      auto& deployment = running_[name];
      if (deployment["rolloutState"] == "IN_PROGRESS")
        deployment["rolloutState"] = deployment["taskDefinition"] == failing_ ? "FAILED" : "COMPLETED";
      return answer;
    }
    return base::HttpResponse{400, {}, R"({"__type":"AccessDeniedException"})"};
  }
  Json service(const std::string& name) {
    return {
        {"serviceName", name}, {"status", "ACTIVE"}, {"desiredCount", 2}, {"deployments", {running_[name]}}};
  }
  static fakes::FakeHttpClient::Answer json(const Json& body) {
    return base::HttpResponse{200, {}, base::to_text(body)};
  }
};

TEST_F(ReleaseTest, BeginsWhatNeedsNothingAndThenWhatNeedsIt) {
  add_service("web", {"api"});
  add_service("api", {"migrate"});
  add_task("migrate", 0);
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::completed);
  EXPECT_THAT(asked_, ElementsAre("task", "arn:td/api:2", "arn:td/web:2"));
  EXPECT_THAT(states(outcome), ElementsAre("web done", "api done", "migrate done"));
}

TEST_F(ReleaseTest, WaitsForThoseThatNeedNothingOfEachOtherAtOnce) {
  add_service("a");
  add_service("b");
  EXPECT_EQ(run().end, RolloutEnd::completed);
  EXPECT_EQ(clock_.sleeps().size(), 1U) << "one loop for both";
}

TEST_F(ReleaseTest, ATaskThatFailsLeavesTheServicesAsTheyAre) {
  add_service("api", {"migrate"});
  add_task("migrate", 3);
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::failed);
  EXPECT_THAT(asked_, ElementsAre("task"));
  EXPECT_THAT(states(outcome), ElementsAre("api waiting", "migrate failed"));
}

TEST_F(ReleaseTest, AnInterruptionBeforeAChangeChangesNothing) {
  add_service("a");
  stops_at_ = "DescribeServices";
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::cancelled);
  EXPECT_THAT(asked_, ElementsAre());
}

TEST_F(ReleaseTest, AnInterruptionDuringAChangeTellsWhatGoesOn) {
  add_service("a");
  add_service("b", {"a"});
  stops_at_ = "UpdateService";
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::cancelled);
  EXPECT_THAT(asked_, ElementsAre("arn:td/a:2")) << "nothing is begun or taken back afterwards";
  EXPECT_THAT(
      outcome.items[0].end.sentence,
      HasSubstr("stopped following deployment arn:td/a:2!; it goes on: `pipeline status -c production "
                "-s a` shows it"));
  EXPECT_THAT(states(outcome), ElementsAre("a failed", "b waiting"));
}

TEST_F(ReleaseTest, WhatAwsTellsNoMoreIsUnknownAndLeftAlone) {
  add_service("api");
  add_service("web", {"api"});
  add_service("last", {"web"});
  last_heard_ = "arn:td/web:2";
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::unknown);
  EXPECT_THAT(asked_, ElementsAre("arn:td/api:2", "arn:td/web:2"))
      << "nothing is begun or taken back afterwards";
  EXPECT_THAT(states(outcome), ElementsAre("api done", "web unknown", "last waiting"));
  const auto& end = outcome.items[1].end;
  EXPECT_EQ(end.json["status"], "UNKNOWN");
  EXPECT_THAT(end.sentence, HasSubstr("lost sight of deployment arn:td/web:2!, which may go on"));
  EXPECT_THAT(end.details, ElementsAre(HasSubstr("expired")));
  EXPECT_THAT(end.summary, HasSubstr("expired"));
}

TEST_F(ReleaseTest, AWayBackThatAwsTellsNoMoreOfIsUnknown) {
  add_service("api");
  add_service("web", {"api"});
  failing_ = "arn:td/web:2";
  last_heard_ = "arn:td/api:1";
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::unknown);
  EXPECT_THAT(states(outcome), ElementsAre("api unknown", "web failed"));
}

TEST_F(ReleaseTest, AFailureTakesBackWhatWasDone) {
  add_service("api");
  add_service("web", {"api"});
  failing_ = "arn:td/web:2";
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::failed);
  EXPECT_THAT(asked_, ElementsAre("arn:td/api:2", "arn:td/web:2", "arn:td/api:1"));
  EXPECT_THAT(states(outcome), ElementsAre("api rolled_back", "web failed"));
}

TEST_F(ReleaseTest, ARollbackThatFailsIsToldApart) {
  add_service("api");
  add_service("web", {"api"});
  failing_ = "arn:td/web:2";
  release_.items[0].gate = nullptr;
  running_["api"]["taskDefinition"] = "arn:td/web:2";  // the way back fails, too
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::rollback_failed);
  EXPECT_THAT(states(outcome), ElementsAre("api rollback_failed", "web failed"));
}

TEST_F(ReleaseTest, WhatWasDoneStaysWhenThatIsWanted) {
  add_service("api");
  add_service("web", {"api"});
  failing_ = "arn:td/web:2";
  release_.on_failure = OnFailure::leave;
  EXPECT_THAT(states(run()), ElementsAre("api done", "web failed"));
}

TEST_F(ReleaseTest, AGateThatRefusesTakesTheServiceBack) {
  add_service("api");
  release_.items[0].gate = [](aws::Client&, const FollowNews&) -> base::Result<Followed> {
    Followed gate;
    gate.look = []() -> base::Result<std::optional<FollowedEnd>> {
      FollowedEnd end;
      end.end = RolloutEnd::failed;
      end.sentence = "alarm api-5xx is in ALARM";
      return std::optional(end);
    };
    return gate;
  };
  const auto outcome = run();
  EXPECT_EQ(outcome.end, RolloutEnd::failed);
  EXPECT_THAT(asked_, ElementsAre("arn:td/api:2", "arn:td/api:1"));
  EXPECT_THAT(states(outcome), ElementsAre("api rolled_back"));
}

TEST_F(ReleaseTest, ACancelledReleaseSaysSo) {
  add_service("api");
  stop_.request_stop();
  EXPECT_NE(run().end, RolloutEnd::completed);
}

TEST(CheckRelease, RefusesCirclesAndUnknownNeeds) {
  Release release;
  EXPECT_THAT(check_release(release).error().message, HasSubstr("nothing to deploy"));
  release.items.resize(2);
  release.items[0].name = "a";
  release.items[1].name = "b";
  release.items[0].needs = {"c"};
  EXPECT_EQ(check_release(release).error().message, "'a' needs 'c', which is not there");
  release.items[0].needs = {"b"};
  release.items[1].needs = {"a"};
  EXPECT_THAT(check_release(release).error().message, HasSubstr("needs itself"));
  release.items[1].needs = {};
  EXPECT_TRUE(check_release(release));
  release.items[1].name = "a";
  EXPECT_EQ(check_release(release).error().message, "'a' is there twice: names must differ");
}

}  // namespace
}  // namespace ecs
