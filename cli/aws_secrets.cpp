#include "cli/aws_secrets.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace cli {

namespace {

constexpr std::size_t kArnParts = 7;  // arn:aws:secretsmanager:region:account:secret:name-suffix

base::Result<std::string> read_parameter(aws::Client& client, const std::string& name) {
  TRY(const auto answer,
      client.call_json(aws::kSsm, "AmazonSSM.GetParameter", {{"Name", name}, {"WithDecryption", true}}));
  return base::json_string(base::json_member(answer, "Parameter"), "Value");
}

base::Result<std::string> read_secret_string(aws::Client& client, const std::string& reference) {
  auto parts = base::split(reference, ':');
  // As in task definitions: …:secret:NAME:JSON-KEY:STAGE:VERSION
  const std::string key = parts.size() > kArnParts ? parts[kArnParts] : "";
  parts.resize(std::min(parts.size(), kArnParts));
  TRY(const auto answer, client.call_json(aws::kSecretsManager, "secretsmanager.GetSecretValue",
                                          {{"SecretId", base::join(parts, ":")}}));
  const auto text = base::json_string(answer, "SecretString");
  if (text.empty())
    return base::make_error(base::ErrorKind::not_found, "the secret has no text; binary ones cannot be used");
  if (key.empty()) return text;
  const auto object = base::parse_json(text);
  const auto value = object ? base::json_string(*object, key) : "";
  if (value.empty())
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("the secret has no key '{}' in its JSON", key));
  return value;
}

}  // namespace

std::string region_of_reference(const std::string& reference) {
  const auto parts = base::split(reference, ':');
  return reference.starts_with("arn:") && parts.size() > 3 ? parts[3] : "";
}

base::Result<std::string> read_aws_secret(aws::Client& client, const std::string& reference) {
  const auto doing = "reading " + reference;
  if (reference.starts_with("ssm:")) return read_parameter(client, reference.substr(4)).while_doing(doing);
  const auto parts = base::split(reference, ':');
  const std::string service = parts.size() > 2 ? parts[2] : "";
  if (service == "secretsmanager" && parts.size() >= kArnParts)
    return read_secret_string(client, reference).while_doing(doing);
  if (service == "ssm") return read_parameter(client, reference).while_doing(doing);
  return base::invalid_input(
      fmt::format("expected an ARN of Secrets Manager or SSM, or ssm:NAME, found '{}'", reference));
}

}  // namespace cli
