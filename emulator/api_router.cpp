#include "emulator/api_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/compression.h"
#include "emulator/api_failure.h"
#include "emulator/aws_protocol.h"
#include "emulator/cbor.h"
#include "emulator/request_auth.h"

namespace emulator {

namespace {

constexpr std::size_t kLargestBody = 8U << 20;
constexpr int kNotFound = 404;
constexpr std::string_view kCborPath = "/service/";

// The one operation that is called without a signature here: the token is the proof.
bool is_unsigned(const ServiceTable& service, const std::string& operation) {
  return service.name == "sts" && operation == "AssumeRoleWithWebIdentity";
}

// The Query services have names of their own for what the JSON services refuse.
ApiFailure as_query_service_says(ApiFailure refused) {
  static const std::map<std::string_view, const char*> names{
      {"InvalidSignatureException", "SignatureDoesNotMatch"},
      {"UnrecognizedClientException", "InvalidClientTokenId"},
      {"ExpiredTokenException", "ExpiredToken"},
      {"IncompleteSignatureException", "IncompleteSignature"},
      {"MissingAuthenticationTokenException", "MissingAuthenticationToken"}};
  if (const auto name = names.find(refused.code); name != names.end()) refused.code = name->second;
  return refused;
}

// As service models name them.
const char* name_of(Protocol protocol) {
  if (protocol == Protocol::cbor) return "smithy-rpc-v2-cbor";
  return protocol == Protocol::json ? "json" : "query";
}

base::Result<std::string> unzipped(const std::string& bytes) {
  std::size_t at = 0;
  const auto source = ecr::gunzip([&](char* buffer, std::size_t size) -> base::Result<std::size_t> {
    const auto count = bytes.copy(buffer, size, at);
    at += count;
    return count;
  });
  std::string plain;
  std::array<char, 64 * 1024> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by source
  while (true) {
    TRY(const std::size_t count, source(piece.data(), piece.size()));
    if (count == 0) return plain;
    if (plain.size() + count > kLargestBody)
      return base::invalid_input(fmt::format("expected at most {} bytes, unzipped", kLargestBody));
    plain.append(piece.data(), count);
  }
}

base::Json json_body(const std::string& body, bool& valid) {
  if (body.empty()) return base::Json::object();
  auto parsed = base::parse_json(body);
  valid = parsed && parsed->is_object();
  return valid ? std::move(*parsed) : base::Json::object();
}

}  // namespace

base::ServerResponse ApiRouter::answer(const base::ServerRequest& request) const {
  auto bytes = request.body(kLargestBody);
  if (!bytes) return {.status = 413, .body = bytes.error().message};
  Received received{request, *bytes, std::move(*bytes)};
  if (base::header_value(request.headers, "Content-Encoding").value_or("") == "gzip") {
    auto body = unzipped(received.bytes);
    if (!body) return {.status = 400, .body = body.error().message};
    received.body = std::move(*body);
  }
  if (const auto target = base::header_value(request.headers, "X-Amz-Target"))
    return answer_json(received, *target);
  if (request.path.starts_with(kCborPath)) return answer_cbor(received);
  return answer_query(received);
}

base::Json ApiRouter::offered() const {
  std::map<std::string, base::Json> by_name;  // a service with several protocols has a table for each
  for (const auto& service : services_) {
    auto& entry = by_name[service.name];
    if (entry.is_null()) entry = {{"name", service.name}, {"protocols", base::Json::array()}};
    entry["protocols"].push_back(name_of(service.protocol));
    entry["operations"] = base::Json::array();
    for (const auto& [operation, function] : service.operations) entry["operations"].push_back(operation);
  }
  base::Json services = base::Json::array();
  for (auto& [name, entry] : by_name) services.push_back(std::move(entry));
  return {{"services", std::move(services)}};
}

base::ServerResponse ApiRouter::answer_json(const Received& received, const std::string& target) const {
  const auto dot = target.rfind('.');
  const auto prefix = target.substr(0, dot);
  ApiCall call{.operation = dot == std::string::npos ? "" : target.substr(dot + 1),
               .request_id = base::random_uuid()};
  for (const auto& service : services_) {
    if (service.protocol != Protocol::json || service.target_prefix != prefix) continue;
    bool valid = true;
    call.input = json_body(received.body, valid);
    if (!valid)
      return encode(service, call,
                    failure("SerializationException", "expected a JSON object as the request's body"));
    return perform(received, service, std::move(call));
  }
  const ServiceTable unknown{.protocol = Protocol::json};
  return encode(
      unknown, call,
      failure("UnknownOperationException",
              fmt::format("{}: this emulator has no such service; docs/emulator.md lists them", target),
              kNotFound));
}

// /service/GraniteServiceVersion20100801/operation/PutMetricData
base::ServerResponse ApiRouter::answer_cbor(const Received& received) const {
  const auto& path = received.request.path;
  const auto parts = base::split(std::string_view(path).substr(kCborPath.size()), '/');
  ApiCall call{.input = base::Json::object(), .request_id = base::random_uuid()};
  if (parts.size() == 3 && parts[1] == "operation") call.operation = parts[2];
  for (const auto& service : services_) {
    if (service.protocol != Protocol::cbor || service.target_prefix != parts[0]) continue;
    auto input =
        received.body.empty() ? base::Result<base::Json>(base::Json::object()) : parse_cbor(received.body);
    if (!input || !input->is_object())
      return encode(service, call,
                    failure("SerializationException",
                            input ? "expected a map as the request's body" : input.error().message));
    call.input = std::move(*input);
    return perform(received, service, std::move(call));
  }
  const ServiceTable unknown{.protocol = Protocol::cbor};
  return encode(unknown, call,
                failure("UnknownOperationException",
                        fmt::format("{}: this emulator has no such service; docs/emulator.md lists them",
                                    received.request.path),
                        kNotFound));
}

base::ServerResponse ApiRouter::answer_query(const Received& received) const {
  const auto& request = received.request;
  ApiCall call{.input = parse_query_input(request.method == "GET" ? request.query : received.body),
               .request_id = base::random_uuid()};
  call.operation = base::json_string(call.input, "Action");
  const auto version = base::json_string(call.input, "Version");
  for (const auto& service : services_) {
    if (service.protocol == Protocol::query && service.version == version)
      return perform(received, service, std::move(call));
  }
  const ServiceTable unknown{.protocol = Protocol::query};
  return encode(
      unknown, call,
      failure(
          "InvalidAction",
          fmt::format(
              "Action '{}' of Version '{}': this emulator has no such service; docs/emulator.md lists them",
              call.operation, version),
          kNotFound));
}

base::ServerResponse ApiRouter::perform(const Received& received, const ServiceTable& service,
                                        ApiCall call) const {
  const auto& request = received.request;
  call.region = region_;
  if (!is_unsigned(service, call.operation)) {
    const std::string_view payload =
        request.method == "GET" ? std::string_view() : std::string_view(received.bytes);
    const auto checked = check_signature(
        request, payload, [this](const std::string& id) { return identity_.find_key(id); }, clock_.now());
    if (const auto* refused = std::get_if<ApiFailure>(&checked)) {
      audit_.write(fmt::format("{}:{} refused: {}: {}", service.name, call.operation, refused->code,
                               refused->message));
      return encode(service, call,
                    service.protocol == Protocol::query ? as_query_service_says(*refused) : *refused);
    }
    const auto& caller = std::get<Signed>(checked);
    call.principal = caller.principal;
    // STS and IAM are one for all regions; everything else lives where the seed put it.
    if (caller.region != region_ && service.name != "sts" && service.name != "iam") {
      return encode(service, call,
                    failure("InvalidParameterException",
                            fmt::format("the request is for region {}, this emulator stands for {}: write "
                                        "`region: {}` in the seed, or ask there",
                                        caller.region, region_, caller.region)));
    }
  }
  const auto operation = service.operations.find(call.operation);
  if (operation == service.operations.end()) {
    const auto code = service.protocol == Protocol::query ? "InvalidAction" : "UnknownOperationException";
    return encode(service, call,
                  failure(code, fmt::format("{}:{} is not emulated; docs/emulator.md lists what is",
                                            service.name, call.operation)));
  }
  for (const auto& guard : guards_) {
    if (const auto refused = guard(service, call)) return encode(service, call, *refused);
  }
  try {
    return encode(service, call, operation->second(call));
  } catch (const base::Json::exception& wrong_type) {
    // A member of another type than the service's model has: AWS's own parser refuses it before the
    // operation.
    return encode(service, call, failure("SerializationException", wrong_type.what()));
  }
}

}  // namespace emulator
