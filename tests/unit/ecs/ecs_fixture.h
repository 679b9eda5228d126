#pragma once
// An AWS that answers from scripts: each operation has its own queue of answers, of which the last one stays.
// No time passes: waiting moves the fake clock.

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <string>

#include "aws/client.h"
#include "base/json.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace ecs {

class EcsFixture : public testing::Test {
 protected:
  EcsFixture() : http_([this](const base::HttpRequest& request) { return answer(request); }) {}

  aws::Client make_client() {
    aws::ClientOptions options;
    options.http = &http_;
    options.clock = &clock_;
    options.region = "eu-central-1";
    options.credentials = aws::Credentials{"AKIA1", "secret", "", {}};
    options.stop = stop_.get_token();
    return aws::Client(std::move(options));
  }
  void will_answer(const std::string& operation, const base::Json& body) {
    script_[operation].push_back(base::HttpResponse{200, {}, base::to_text(body)});
  }
  void will_answer(const std::string& operation, fakes::FakeHttpClient::Answer answer) {
    script_[operation].push_back(std::move(answer));
  }
  void will_fail(const std::string& operation, int status, const std::string& code) {
    script_[operation].push_back(base::HttpResponse{status, {}, base::to_text({{"__type", code}})});
  }
  /// What the requests for an operation held, in order.
  std::vector<base::Json> sent(const std::string& operation) {
    std::vector<base::Json> bodies;
    for (const auto& request : http_.requests()) {
      if (operation_of(request) == operation)
        bodies.push_back(base::parse_json(request.body).value_or(nullptr));
    }
    return bodies;
  }

  static base::Json deployment(const std::string& id, const std::string& status, const std::string& state,
                               const std::string& reason = "", const std::string& definition = "items:2") {
    return {{"id", id},
            {"status", status},
            {"taskDefinition", "arn:aws:ecs:eu-central-1:1:task-definition/" + definition},
            {"rolloutState", state},
            {"rolloutStateReason", reason},
            {"desiredCount", 2},
            {"runningCount", 1},
            {"pendingCount", 1},
            {"failedTasks", 0}};
  }
  static base::Json event(const std::string& id, const std::string& message) {
    return {{"id", id}, {"createdAt", 100.5}, {"message", message}};
  }
  static base::Json services(const std::vector<base::Json>& deployments,
                             const std::vector<base::Json>& events = {}) {
    base::Json service = {{"serviceName", "items"}, {"status", "ACTIVE"}, {"desiredCount", 2}};
    service["deployments"] = deployments;
    service["events"] = events;
    base::Json answer = {{"failures", base::Json::array()}};
    answer["services"] = base::Json::array({std::move(service)});
    return answer;
  }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  std::stop_source stop_;

 private:
  static std::string operation_of(const base::HttpRequest& request) {
    if (const auto target = base::header_value(request.headers, "X-Amz-Target")) {
      return target->substr(target->find('.') + 1);
    }
    if (!request.body.starts_with("Action=")) return request.method;
    return request.body.substr(7, request.body.find('&') - 7);  // Action=…&
  }
  fakes::FakeHttpClient::Answer answer(const base::HttpRequest& request) {
    auto& answers = script_[operation_of(request)];
    if (answers.empty()) return base::HttpResponse{400, {}, R"({"__type":"AccessDeniedException"})"};
    auto next = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return next;
  }

  std::map<std::string, std::deque<fakes::FakeHttpClient::Answer>> script_;
};

}  // namespace ecs
