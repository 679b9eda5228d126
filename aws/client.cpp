#include "aws/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "aws/aws_error.h"
#include "aws/sigv4.h"
#include "aws/xml.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

constexpr std::chrono::milliseconds kFirstWait{200};
constexpr std::chrono::milliseconds kFirstThrottledWait{1000};
constexpr std::chrono::milliseconds kLongestWait{20'000};

/// Codes that every service may answer when it is asked too often (botocore's and the SDKs' lists).
constexpr std::string_view kThrottling[] = {"Throttling",
                                            "ThrottlingException",
                                            "ThrottledException",
                                            "RequestThrottled",
                                            "RequestThrottledException",
                                            "TooManyRequestsException",
                                            "RequestLimitExceeded",
                                            "BandwidthLimitExceeded",
                                            "LimitExceededException",
                                            "SlowDown",
                                            "ProvisionedThroughputExceededException",
                                            "TransactionInProgressException",
                                            "EC2ThrottledException"};
constexpr std::string_view kPassing[] = {"RequestTimeout", "RequestTimeoutException",
                                         "PriorRequestNotComplete", "IDPCommunicationError"};

bool may_pass(const base::Error& error) {
  return error.kind == base::ErrorKind::unavailable || is_throttling(error.code) ||
         std::find(std::begin(kPassing), std::end(kPassing), error.code) != std::end(kPassing);
}

/// Full jitter: anything from nothing to the doubled wait, so that clients do not come back together.
std::chrono::milliseconds wait_before(int attempt, const base::Error& error) {
  const auto first = is_throttling(error.code) ? kFirstThrottledWait : kFirstWait;
  const auto most = std::min(kLongestWait, first * (1L << std::min(attempt, 10)));
  std::uint32_t random = 0;
  std::memcpy(&random, base::random_bytes(sizeof random).data(), sizeof random);
  return std::chrono::milliseconds(static_cast<std::int64_t>(random) % (most.count() + 1));
}

}  // namespace

bool is_throttling(std::string_view code) {
  return std::find(std::begin(kThrottling), std::end(kThrottling), code) != std::end(kThrottling);
}

Client::Client(ClientOptions options) : options_(std::move(options)) {
  if (options_.clock == nullptr) options_.clock = &base::system_clock();
}

base::Result<std::string> Client::send_once(const ServiceName& service, base::HttpRequest& request) {
  if (options_.credentials) {
    sign(request, *options_.credentials,
         {options_.region, std::string(service.signing), options_.clock->now()});
  }
  TRY(auto response, options_.http->send(request));
  if (response.status < 200 || response.status > 299) return read_aws_error(response);
  return std::move(response.body);
}

base::Result<std::string> Client::send(const ServiceName& service, base::HttpRequest request) {
  TRY(const std::string endpoint, endpoint_of(service, options_.region, options_.environment));
  request.method = "POST";
  request.url = endpoint + "/";
  request.stop = options_.stop;
  for (int attempt = 1;; ++attempt) {
    auto answer = send_once(service, request);
    if (answer || attempt >= options_.attempts || !may_pass(answer.error())) return answer;
    if (!options_.clock->sleep_for(wait_before(attempt, answer.error()), options_.stop)) {
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
  const base::Json& result =
      base::json_member(base::json_member(document, action + "Response"), action + "Result");
  return result.is_object() ? result : base::Json::object();
}

}  // namespace aws
