#include "aws/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/sigv4.h"
#include "aws/xml_answer.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

constexpr std::chrono::seconds kAnswerTime{60};
constexpr std::int64_t kFirstWaitMs = 100;
constexpr std::int64_t kLongestWaitMs = 20'000;
constexpr std::size_t kShownBytes = 300;

constexpr std::array<std::string_view, 15> kPassingCodes = {"Throttling",
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
                                                            "RequestTimeout",
                                                            "RequestTimeoutException",
                                                            "PriorRequestNotComplete"};

bool is_passing(const base::HttpResponse& response, const std::string& code) {
  if (response.status == 500 || response.status == 502 || response.status == 503 || response.status == 504)
    return true;
  return std::find(kPassingCodes.begin(), kPassingCodes.end(), code) != kPassingCodes.end();
}

/// `com.amazonaws.ecs#ClientException` and `ClientException:http://…` are ClientException.
std::string bare_code(std::string code) {
  if (const auto hash = code.find('#'); hash != std::string::npos) code = code.substr(hash + 1);
  return code.substr(0, code.find(':'));
}

base::Error remote_error(const base::HttpResponse& response, std::string code, std::string message) {
  if (message.empty()) message = code;
  if (message.empty())
    message = fmt::format("HTTP {}: {}", response.status, response.body.substr(0, kShownBytes));
  auto error = make_error(ErrorKind::remote, std::move(message));
  error.code = std::move(code);
  return error;
}

base::Error json_error(const base::HttpResponse& response) {
  const auto body = base::parse_json(response.body);
  std::string code = base::header_value(response.headers, "x-amzn-ErrorType").value_or("");
  std::string message;
  if (body) {
    code = base::json_string(*body, "__type", code);
    message = base::json_string(*body, "message", base::json_string(*body, "Message"));
  }
  return remote_error(response, bare_code(code), message);
}

base::Error xml_error(const base::HttpResponse& response) {
  const auto body = json_of_xml(response.body);
  const Json& error = body ? base::json_member(*body, "Error") : Json();
  return remote_error(response, base::json_string(error, "Code"), base::json_string(error, "Message"));
}

base::Error error_of(const base::HttpResponse& response, const Service& service) {
  return service.target_prefix.empty() ? xml_error(response) : json_error(response);
}

/// Full jitter: between nothing and a bound that doubles.
std::chrono::milliseconds wait_before(int attempt) {
  const auto bound = std::min(kLongestWaitMs, kFirstWaitMs << std::min(attempt, 10));
  const auto bytes = base::random_bytes(2);
  const auto fraction =
      (static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1])) / 65536.0;
  return std::chrono::milliseconds(static_cast<std::int64_t>(fraction * static_cast<double>(bound)));
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)) {
  if (options_.clock == nullptr) options_.clock = &base::system_clock();
}

Result<Client> client_from(ClientOptions options) {
  if (options.region.empty()) {
    TRY(options.region, region_from(options.environment));
  }
  if (!options.credentials) {
    TRY(auto credentials, credentials_from(options.environment));
    options.credentials = std::move(credentials);
  }
  return Client(std::move(options));
}

Result<base::HttpResponse> Client::send_once(const Service& service, base::HttpRequest request,
                                             Signing signing) {
  if (signing == Signing::yes) {
    if (!options_.credentials) return make_error(ErrorKind::internal, "a signed call without credentials");
    sign(request, *options_.credentials, {options_.region, std::string(service.signing_name)},
         options_.clock->now());
  }
  return options_.http->send(request);
}

Result<base::HttpResponse> Client::send(const Service& service, base::HttpRequest request, Signing signing) {
  request.method = "POST";
  request.url = endpoint_url(service, options_.region, options_.environment) + "/";
  request.timeout = kAnswerTime;
  request.stop = options_.stop;
  for (int attempt = 1;; ++attempt) {
    auto response = send_once(service, request, signing);
    if (!response && response.error().kind != ErrorKind::unavailable) return response;
    if (response && response->status / 100 == 2) return response;
    const auto error = response ? error_of(*response, service) : response.error();
    const bool passing = !response || is_passing(*response, error.code);
    if (!passing || attempt >= options_.attempts ||
        !options_.clock->sleep_for(wait_before(attempt), options_.stop))
      return error;
  }
}

Result<Json> Client::call(const Service& service, const std::string& operation, const Json& input) {
  base::HttpRequest request{.body = base::to_text(input)};
  request.headers.emplace("Content-Type", "application/x-amz-json-1.1");
  request.headers.emplace("X-Amz-Target", fmt::format("{}.{}", service.target_prefix, operation));
  TRY(const auto response, send(service, std::move(request), Signing::yes));
  if (response.body.empty()) return Json(Json::object());
  return base::parse_json(response.body)
      .while_doing(fmt::format("reading the answer of {}:{}", service.signing_name, operation));
}

Result<Json> Client::query(const Service& service, const std::string& operation,
                           const Parameters& parameters) {
  return query(service, operation, parameters, Signing::yes);
}

Result<Json> Client::query_unsigned(const Service& service, const std::string& operation,
                                    const Parameters& parameters) {
  return query(service, operation, parameters, Signing::no);
}

Result<Json> Client::query(const Service& service, const std::string& operation, const Parameters& parameters,
                           Signing signing) {
  base::HttpRequest request{.body = fmt::format("Action={}&Version={}", operation, service.version)};
  for (const auto& [name, value] : parameters)
    request.body += "&" + base::percent_encode(name) + "=" + base::percent_encode(value);
  request.headers.emplace("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  TRY(const auto response, send(service, std::move(request), signing));
  TRY(const auto answer,
      json_of_xml(response.body)
          .while_doing(fmt::format("reading the answer of {}:{}", service.signing_name, operation)));
  return base::json_member(answer, operation + "Result");
}

}  // namespace aws
