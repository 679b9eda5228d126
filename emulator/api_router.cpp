#include "emulator/api_router.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/crypto.h"
#include "emulator/api_failure.h"
#include "emulator/aws_protocol.h"
#include "emulator/request_auth.h"

namespace emulator {

namespace {

constexpr std::size_t kLargestBody = 8U << 20;
constexpr int kNotFound = 404;

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

base::Json json_body(const std::string& body, bool& valid) {
  if (body.empty()) return base::Json::object();
  auto parsed = base::parse_json(body);
  valid = parsed && parsed->is_object();
  return valid ? std::move(*parsed) : base::Json::object();
}

}  // namespace

base::ServerResponse ApiRouter::answer(const base::ServerRequest& request) const {
  const auto body = request.body(kLargestBody);
  if (!body) return {.status = 413, .body = body.error().message};
  if (const auto target = base::header_value(request.headers, "X-Amz-Target"))
    return answer_json(request, *target, *body);
  return answer_query(request, request.method == "GET" ? request.query : *body);
}

base::ServerResponse ApiRouter::answer_json(const base::ServerRequest& request, const std::string& target,
                                            const std::string& body) const {
  const auto dot = target.rfind('.');
  const auto prefix = target.substr(0, dot);
  ApiCall call{.operation = dot == std::string::npos ? "" : target.substr(dot + 1),
               .request_id = base::random_uuid()};
  for (const auto& service : services_) {
    if (service.protocol != Protocol::json || service.target_prefix != prefix) continue;
    bool valid = true;
    call.input = json_body(body, valid);
    if (!valid)
      return encode(service, call,
                    failure("SerializationException", "expected a JSON object as the request's body"));
    return perform(request, body, service, std::move(call));
  }
  const ServiceTable unknown{.protocol = Protocol::json};
  return encode(
      unknown, call,
      failure("UnknownOperationException",
              fmt::format("{}: this emulator has no such service; docs/emulator.md lists them", target),
              kNotFound));
}

base::ServerResponse ApiRouter::answer_query(const base::ServerRequest& request,
                                             const std::string& body) const {
  ApiCall call{.input = parse_query_input(body), .request_id = base::random_uuid()};
  call.operation = base::json_string(call.input, "Action");
  const auto version = base::json_string(call.input, "Version");
  for (const auto& service : services_) {
    if (service.protocol == Protocol::query && service.version == version)
      return perform(request, body, service, std::move(call));
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

base::ServerResponse ApiRouter::perform(const base::ServerRequest& request, const std::string& body,
                                        const ServiceTable& service, ApiCall call) const {
  call.region = region_;
  if (!is_unsigned(service, call.operation)) {
    const std::string_view payload = request.method == "GET" ? std::string_view() : std::string_view(body);
    const auto checked = check_signature(
        request, payload, [this](const std::string& id) { return identity_.find_key(id); }, clock_.now());
    if (const auto* refused = std::get_if<ApiFailure>(&checked)) {
      audit_.write(fmt::format("{}:{} refused: {}: {}", service.name, call.operation, refused->code,
                               refused->message));
      return encode(service, call,
                    service.protocol == Protocol::json ? *refused : as_query_service_says(*refused));
    }
    const auto& caller = std::get<Signed>(checked);
    call.principal = caller.principal;
    // STS is one for all regions; everything else lives where the seed put it.
    if (caller.region != region_ && service.name != "sts") {
      return encode(service, call,
                    failure("InvalidParameterException",
                            fmt::format("the request is for region {}, this emulator stands for {}: write "
                                        "`region: {}` in the seed, or ask there",
                                        caller.region, region_, caller.region)));
    }
  }
  const auto operation = service.operations.find(call.operation);
  if (operation == service.operations.end()) {
    const auto code = service.protocol == Protocol::json ? "UnknownOperationException" : "InvalidAction";
    return encode(service, call,
                  failure(code, fmt::format("{}:{} is not emulated; docs/emulator.md lists what is",
                                            service.name, call.operation)));
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
