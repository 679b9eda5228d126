#include "aws/client.h"

#include <fmt/format.h>

#include <atomic>
#include <cstring>

#include "aws/aws_error.h"
#include "aws/proxy.h"
#include "aws/sigv4.h"
#include "aws/time_text.h"
#include "aws/xml.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

// As botocore and the SDKs have it: less is what a slow line makes, too.
constexpr std::chrono::milliseconds kMostSkew = std::chrono::minutes(4);

std::uint32_t random_number() {
  std::uint32_t random = 0;
  std::memcpy(&random, base::random_bytes(sizeof random).data(), sizeof random);
  return random;
}

}  // namespace

struct Client::Shared {
  RetryQuota quota;
  std::atomic<std::int64_t> skew_ms{0};  ///< AWS's clock less ours
};

/// What one attempt came to.
struct Client::Answer {
  base::Result<std::string> body;
  bool answered = false;
  std::optional<base::WallTime> server_time;
  std::optional<std::chrono::milliseconds> retry_after;
};

Client::Client(ClientOptions options) : options_(std::move(options)), shared_(std::make_shared<Shared>()) {
  if (options_.clock == nullptr) options_.clock = &base::system_clock();
}

Client::Answer Client::send_once(const ServiceName& service, base::HttpRequest& request) {
  if (options_.credentials) {
    auto credentials = options_.credentials->current(*options_.clock);
    if (!credentials) return {std::move(credentials).error(), true, {}, {}};
    const auto now = options_.clock->now() + std::chrono::milliseconds(shared_->skew_ms);
    sign(request, *credentials,
         {signing_region(service, options_.region), std::string(service.signing), now});
  }
  auto response = options_.http->send(request);
  if (!response) return {std::move(response).error(), false, {}, {}};
  Answer answer{std::string(), true, {}, {}};
  if (const auto date = base::header_value(response->headers, "Date"))
    answer.server_time = read_http_date(*date);
  if (const auto wait = base::header_value(response->headers, "x-amz-retry-after")) {
    if (const auto number = base::parse_integer(base::trim(*wait)); number && *number >= 0)
      answer.retry_after = std::chrono::milliseconds(*number);
  }
  if (response->status < 200 || response->status > 299) {
    answer.body = read_aws_error(*response);
  } else {
    answer.body = std::move(response->body);
  }
  return answer;
}

/// Mends what the answer complains of, our clock or old credentials; false when that is not its trouble.
bool Client::may_go_on(const Answer& answer) {
  const std::string& code = answer.body.error().code;
  if (is_expired(code)) return options_.credentials && options_.credentials->renew_now();
  if (!is_clock_skew(code) || !answer.server_time) return false;
  const auto ours = options_.clock->now();
  const auto skew = std::chrono::duration_cast<std::chrono::milliseconds>(*answer.server_time - ours);
  const auto change = skew - std::chrono::milliseconds(shared_->skew_ms);
  if (std::chrono::abs(change) < kMostSkew) return false;
  shared_->skew_ms = skew.count();
  return true;
}

base::Result<std::string> Client::send(const ServiceName& service, base::HttpRequest request) {
  TRY(const std::string endpoint, endpoint_of(service, options_.region, options_.environment));
  request.method = "POST";
  request.url = endpoint + "/";
  request.stop = options_.stop;
  request.proxy = proxy_for(request.url, options_.environment);
  request.tls.ca_file = variable_of(options_.environment, "AWS_CA_BUNDLE");
  RetryRules rules = retry_rules(options_.environment);
  rules.attempts = options_.attempts.value_or(rules.attempts);
  int paid = 0;
  for (int attempt = 1;; ++attempt) {
    Answer answer = send_once(service, request);
    if (answer.body) {
      shared_->quota.give_back(paid == 0 ? 1 : paid);
      return std::move(answer.body);
    }
    if (attempt >= rules.attempts) return std::move(answer.body);
    const Fault fault = fault_of(answer.body.error(), answer.answered);
    if (fault == Fault::final) {
      if (may_go_on(answer)) continue;
      return std::move(answer.body);
    }
    paid = fault == Fault::no_answer   ? rules.no_answer_cost
           : fault == Fault::throttled ? rules.throttled_cost
                                       : rules.cost;
    if (!shared_->quota.take(paid)) return std::move(answer.body);
    if (!options_.clock->sleep_for(
            wait_before_retry(rules, fault, attempt, random_number(), answer.retry_after), options_.stop)) {
      return base::make_error(base::ErrorKind::cancelled, "cancelled while waiting to try again");
    }
  }
}

base::Result<base::Json> Client::call_json(const ServiceName& service, const std::string& target,
                                           const base::Json& input) {
  base::HttpRequest request;
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}};
  request.body = base::to_text(input);
  TRY(const std::string body, send(service, std::move(request)).while_doing("calling " + target));
  if (base::trim(body).empty()) return base::Json::object();
  return base::parse_json(body).while_doing("reading the answer to " + target);
}

base::Result<base::Json> Client::change_json(const ServiceName& service, const std::string& target,
                                             const base::Json& input) {
  if (options_.stop.stop_requested())
    return base::make_error(base::ErrorKind::cancelled, "cancelled before " + target + " was called");
  Client to_its_end = *this;
  to_its_end.options_.stop = {};
  return to_its_end.call_json(service, target, input);
}

base::Result<base::Json> Client::call_query(const ServiceName& service, const std::string& version,
                                            const std::string& action,
                                            const std::map<std::string, std::string>& parameters) {
  const std::string what = fmt::format("{} {}", service.signing, action);
  base::HttpRequest request;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = fmt::format("Action={}&Version={}", action, version);
  for (const auto& [name, value] : parameters) {
    request.body += fmt::format("&{}={}", base::percent_encode(name), base::percent_encode(value));
  }
  TRY(const std::string body, send(service, std::move(request)).while_doing("calling " + what));
  TRY(const base::Json document, parse_xml(body).while_doing("reading the answer to " + what));
  const base::Json& response = base::json_member(document, action + "Response");
  if (service.host == kEc2.host) return response;  // the only one without an <ActionResult>
  const base::Json& result = base::json_member(response, action + "Result");
  return result.is_object() ? result : base::Json::object();
}

}  // namespace aws
