#include "ecs/secret_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"

namespace ecs {
namespace {

using base::Json;

base::Result<void> look_for_parameter(aws::Client& client, const SecretReference& reference) {
  // GetParameters does not fail for unknown names: it lists them.
  TRY(const Json answer,
      client.call_json(aws::kSsm, "AmazonSSM.GetParameters",
                       {{"Names", Json::array({reference.id})}, {"WithDecryption", false}}));
  const Json& invalid = base::json_member(answer, "InvalidParameters");
  if (!invalid.is_array() || invalid.empty()) return {};
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("there is no parameter '{}'", reference.id));
}

}  // namespace

SecretReference read_secret_reference(const std::string& value_from) {
  SecretReference reference;
  const auto parts = base::split(value_from, ':');
  if (parts.size() < 6 || parts[0] != "arn" || parts[2] != "secretsmanager") {
    reference.is_parameter = true;
    constexpr std::string_view kParameter = ":parameter";
    const auto at = value_from.find(kParameter);
    reference.id = at == std::string::npos ? value_from : value_from.substr(at + kParameter.size());
    // The name of a parameter that is in no folder has no slash of its own.
    if (at != std::string::npos && std::count(reference.id.begin(), reference.id.end(), '/') == 1)
      reference.id.erase(0, 1);
    return reference;
  }
  const auto part = [&](std::size_t i) { return i < parts.size() ? parts[i] : std::string(); };
  reference.id = base::join({parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], part(6)}, ":");
  reference.json_key = part(7);
  reference.version_stage = part(8);
  reference.version_id = part(9);
  return reference;
}

base::Result<void> look_for_secret(aws::Client& client, const std::string& value_from) {
  const auto reference = read_secret_reference(value_from);
  if (reference.is_parameter) return look_for_parameter(client, reference);
  Json request = {{"SecretId", reference.id}};
  if (reference.json_key.empty()) {
    auto described = client.call_json(aws::kSecretsManager, "secretsmanager.DescribeSecret", request);
    if (described) return {};
    if (described.error().code == "ResourceNotFoundException")
      described.error().kind = base::ErrorKind::not_found;
    return std::move(described).error();
  }
  if (!reference.version_stage.empty()) request["VersionStage"] = reference.version_stage;
  if (!reference.version_id.empty()) request["VersionId"] = reference.version_id;
  auto got = client.call_json(aws::kSecretsManager, "secretsmanager.GetSecretValue", request);
  if (!got && got.error().code == "ResourceNotFoundException") got.error().kind = base::ErrorKind::not_found;
  if (!got) return std::move(got).error();
  const auto value = base::parse_json(base::json_string(*got, "SecretString"));
  if (value && !base::json_member(*value, reference.json_key).is_null()) return {};
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("the secret has no JSON key '{}'", reference.json_key));
}

std::string action_for_secret(const std::string& value_from) {
  return read_secret_reference(value_from).is_parameter ? "ssm:GetParameters"
                                                        : "secretsmanager:GetSecretValue";
}

std::string secret_arn(const aws::Client& client, const std::string& value_from,
                       const std::string& role_arn) {
  const auto reference = read_secret_reference(value_from);
  if (!reference.is_parameter) return reference.id;
  if (value_from.starts_with("arn:")) return value_from;
  const auto role = base::split(role_arn, ':');
  return fmt::format("arn:{}:ssm:{}:{}:parameter{}{}", aws::partition_of(client.options().region),
                     client.options().region, role.size() > 4 ? role[4] : "",
                     reference.id.starts_with('/') ? "" : "/", reference.id);
}

}  // namespace ecs
