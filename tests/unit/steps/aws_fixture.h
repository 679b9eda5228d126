#pragma once
// A job whose HTTP client and clock are fakes, and answers as AWS writes them: what tests of the AWS
// built-ins start from.

#include <gmock/gmock.h>

#include <string>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin_actions.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/steps/job_fixture.h"

namespace steps {

/// `<ActionResponse><ActionResult>…`, as Query services answer.
inline std::string query_answer(const std::string& action, const std::string& result) {
  return "<" + action + "Response><" + action + "Result>" + result + "</" + action + "Result></" + action +
         "Response>";
}

inline std::string query_error(const std::string& code, const std::string& message) {
  return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + message +
         "</Message></Error></ErrorResponse>";
}

inline std::string json_error(const std::string& code, const std::string& message) {
  return base::to_text({{"__type", code}, {"message", message}});
}

class AwsFixture : public JobFixture {
 protected:
  AwsFixture() {
    services_.http = &http_;
    services_.clock = &clock_;
    call_.step_name = "Step";
    call_.environment = {{"AWS_REGION", "eu-central-1"}};
  }
  void give_keys() {
    call_.environment["AWS_ACCESS_KEY_ID"] = "AKIAJOB";
    call_.environment["AWS_SECRET_ACCESS_KEY"] = "job-secret";
  }

  /// `sts AssumeRole` or `ecs UpdateService`: what a request asked for.
  static std::string asked(const base::HttpRequest& request) {
    if (const auto target = base::header_value(request.headers, "X-Amz-Target")) {
      return target->substr(target->find('.') + 1);
    }
    const std::string body = request.body.substr(0, request.body.find('&'));
    return body.starts_with("Action=") ? body.substr(7) : request.method;
  }
  std::vector<std::string> asked_for() {
    std::vector<std::string> names;
    for (const auto& request : http_.requests()) names.push_back(asked(request));
    return names;
  }
  /// The body of the first request for an operation.
  base::Json sent(const std::string& operation) {
    for (const auto& request : http_.requests()) {
      if (asked(request) == operation) return base::parse_json(request.body).value_or(nullptr);
    }
    ADD_FAILURE() << operation << " was never asked for";
    return nullptr;
  }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  ActionCall call_;
};

}  // namespace steps
