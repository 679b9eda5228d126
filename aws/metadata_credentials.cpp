#include "aws/metadata_credentials.h"

#include <fmt/format.h>

#include "aws/sigv4.h"
#include "aws/time_text.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

constexpr const char* kContainerHost = "http://169.254.170.2";
constexpr const char* kInstanceRoles = "/latest/meta-data/iam/security-credentials/";
constexpr int kContainerAttempts = 3;
constexpr std::size_t kMostMetadata = 1U << 20;

base::HttpRequest metadata_request(const CredentialPlaces& places, std::string url) {
  base::HttpRequest request;
  request.url = std::move(url);
  request.proxy = "";  // these addresses mean this machine
  request.connect_timeout = std::chrono::milliseconds(1000);
  request.timeout = std::chrono::milliseconds(5000);
  request.max_response_bytes = kMostMetadata;
  request.stop = places.client.stop;
  return request;
}

base::Result<Credentials> read_keys(const std::string& body, std::string_view where) {
  const auto document = base::parse_json(body);
  Credentials keys;
  if (document) {
    keys = {base::json_string(*document, "AccessKeyId"), base::json_string(*document, "SecretAccessKey"),
            base::json_string(*document, "Token"), read_iso8601(base::json_string(*document, "Expiration"))};
  }
  if (!keys.access_key_id.empty() && !keys.secret_access_key.empty()) return keys;
  return base::make_error(base::ErrorKind::remote,
                          fmt::format("{} answered without credentials: expected AccessKeyId, "
                                      "SecretAccessKey and Token in a JSON object",
                                      where));
}

bool stays_on_the_machine(std::string_view url) {
  const std::string host = host_of_url(url);
  const std::string_view name = host.starts_with('[') ? std::string_view(host).substr(0, host.find(']') + 1)
                                                      : std::string_view(host).substr(0, host.find(':'));
  for (const char* known : {"localhost", "169.254.170.2", "169.254.170.23", "[::1]", "[fd00:ec2::23]"}) {
    if (name == known) return true;
  }
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

base::Result<std::string> container_url(const Environment& environment) {
  if (const auto relative = variable_of(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
      !relative.empty()) {
    if (relative.starts_with('/')) return kContainerHost + relative;
    return base::invalid_input(
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: expected a path that starts with '/'");
  }
  const auto full = variable_of(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.starts_with("https://") || (full.starts_with("http://") && stays_on_the_machine(full)))
    return full;
  return base::invalid_input(
      fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI: expected an https address, or http to 127.0.0.1, ::1, "
                  "169.254.170.2 or 169.254.170.23, found host '{}'",
                  host_of_url(full)));
}

base::Result<std::string> container_token(const CredentialPlaces& places) {
  const Environment& environment = places.client.environment;
  const auto file = variable_of(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file.empty()) return variable_of(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  TRY(const auto text, places.read_file(file).while_doing("reading AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
  return std::string(base::trim(text));
}

std::string instance_endpoint(const Environment& environment) {
  auto endpoint = variable_of(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.empty()) return endpoint;
  const auto mode = variable_of(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  return base::equals_ignoring_case(mode, "ipv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

}  // namespace

base::Result<std::optional<Credentials>> container_credentials(const CredentialPlaces& places) {
  const Environment& environment = places.client.environment;
  if (variable_of(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() &&
      variable_of(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI").empty())
    return std::optional<Credentials>();
  TRY(const auto url, container_url(environment));
  auto request = metadata_request(places, url);
  TRY(const auto token, container_token(places));
  if (!token.empty()) request.headers.emplace("Authorization", token);
  auto response = places.client.http->send(request);
  for (int attempt = 1; !response && attempt < kContainerAttempts; ++attempt)
    response = places.client.http->send(request);
  if (!response) return std::move(response).error().while_doing("asking the container's credential endpoint");
  if (response->status != 200) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("the container's credential endpoint answered HTTP {}; expected 200", response->status));
  }
  TRY(auto keys, read_keys(response->body, "the container's credential endpoint"));
  return std::optional(std::move(keys));
}

base::Result<std::optional<Credentials>> instance_credentials(const CredentialPlaces& places) {
  const Environment& environment = places.client.environment;
  const bool disabled =
      base::equals_ignoring_case(variable_of(environment, "AWS_EC2_METADATA_DISABLED"), "true");
  if (disabled || !places.asks_instance_metadata) return std::optional<Credentials>();
  const auto endpoint = instance_endpoint(environment);
  auto ask = metadata_request(places, endpoint + "/latest/api/token");
  ask.method = "PUT";
  ask.timeout = std::chrono::milliseconds(1000);
  ask.headers.emplace("X-aws-ec2-metadata-token-ttl-seconds", "21600");
  const auto token = places.client.http->send(ask);
  // No answer is the usual case: most machines are no EC2 instance.
  if (!token || token->status != 200) return std::optional<Credentials>();
  const auto get = [&](const std::string& path) {
    auto request = metadata_request(places, endpoint + path);
    request.headers.emplace("X-aws-ec2-metadata-token", token->body);
    return places.client.http->send(request);
  };
  TRY(const auto roles, get(kInstanceRoles).while_doing("asking the instance's metadata for its role"));
  const std::string role(base::trim(roles.body.substr(0, roles.body.find('\n'))));
  if (roles.status != 200 || role.empty()) return std::optional<Credentials>();
  TRY(const auto answer, get(kInstanceRoles + base::percent_encode(role))
                             .while_doing("asking the instance's metadata for the keys of " + role));
  TRY(auto keys, read_keys(answer.body, "the instance's metadata service"));
  return std::optional(std::move(keys));
}

}  // namespace aws
