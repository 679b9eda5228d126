#include "emulator/secrets_service.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "emulator/api_failure.h"

namespace emulator {

namespace {

constexpr const char* kCurrent = "AWSCURRENT";

ApiFailure no_secret() {
  return failure("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
}

std::string version_id(const std::string& name, int version) {
  const auto hex = base::sha256_hex(fmt::format("{}#{}", name, version));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20, 12));
}

base::Json written(const SecretStore& store, const std::string& name, int version) {
  return {{"ARN", store.secret_arn(name)}, {"Name", name}, {"VersionId", version_id(name, version)}};
}

ApiResult get_secret_value(SecretStore& store, const ApiCall& call) {
  const auto found = store.find_secret(base::json_string(call.input, "SecretId"));
  if (!found) return no_secret();
  if (found->second.value.empty()) {
    return failure("ResourceNotFoundException",
                   "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
  }
  auto answer = written(store, found->first, found->second.version);
  answer["VersionStages"] = base::Json::array({kCurrent});
  answer["SecretString"] = found->second.value;
  answer["CreatedDate"] = found->second.changed_at;
  return answer;
}

ApiResult write_secret(SecretStore& store, const ApiCall& call, SecretStore::Write how) {
  auto name = base::json_string(call.input, how == SecretStore::Write::create ? "Name" : "SecretId");
  if (how == SecretStore::Write::put) {
    const auto found = store.find_secret(name);
    if (!found) return no_secret();
    name = found->first;
  }
  if (name.empty())
    return failure("InvalidParameterException", "You must provide a value for the Name parameter.");
  if (!store.write_secret(name, base::json_string(call.input, "SecretString"), how)) {
    return failure("ResourceExistsException",
                   fmt::format("The operation failed because the secret {} already exists.", name));
  }
  auto answer = written(store, name, store.find_secret(name)->second.version);
  if (how == SecretStore::Write::put) answer["VersionStages"] = base::Json::array({kCurrent});
  return answer;
}

base::Json describe_secret(const SecretStore& store, const std::string& name,
                           const SecretStore::Secret& secret, const char* versions_member) {
  return {{"ARN", store.secret_arn(name)},
          {"Name", name},
          {"CreatedDate", secret.created_at},
          {"LastChangedDate", secret.changed_at},
          {versions_member, {{version_id(name, secret.version), base::Json::array({kCurrent})}}}};
}

base::Json describe_parameter(const SecretStore& store, const std::string& name,
                              const SecretStore::Parameter& parameter, bool decrypt) {
  const bool hidden = parameter.type == "SecureString" && !decrypt;
  return {{"Name", name},
          {"Type", parameter.type},
          {"Value", hidden ? base::sha256_hex(parameter.value) : parameter.value},
          {"Version", parameter.version},
          {"LastModifiedDate", parameter.changed_at},
          {"ARN", store.parameter_arn(name)},
          {"DataType", "text"}};
}

ApiResult get_parameter(SecretStore& store, const ApiCall& call) {
  const auto found = store.find_parameter(base::json_string(call.input, "Name"));
  if (!found) return failure("ParameterNotFound", "");
  return base::Json{{"Parameter", describe_parameter(store, found->first, found->second,
                                                     base::json_bool(call.input, "WithDecryption"))}};
}

ApiResult get_parameters(SecretStore& store, const ApiCall& call) {
  base::Json parameters = base::Json::array();
  base::Json invalid = base::Json::array();
  for (const auto& entry : base::json_member(call.input, "Names")) {
    const auto found = entry.is_string() ? store.find_parameter(entry.get<std::string>()) : std::nullopt;
    if (!found) invalid.push_back(entry);
    if (found)
      parameters.push_back(describe_parameter(store, found->first, found->second,
                                              base::json_bool(call.input, "WithDecryption")));
  }
  return base::Json{{"Parameters", std::move(parameters)}, {"InvalidParameters", std::move(invalid)}};
}

ApiResult get_parameters_by_path(SecretStore& store, const ApiCall& call) {
  auto path = base::json_string(call.input, "Path");
  if (!path.ends_with('/')) path += '/';
  const bool recursive = base::json_bool(call.input, "Recursive");
  base::Json parameters = base::Json::array();
  for (const auto& [name, parameter] : store.parameters()) {
    if (!name.starts_with(path) || (!recursive && name.find('/', path.size()) != std::string::npos)) continue;
    parameters.push_back(
        describe_parameter(store, name, parameter, base::json_bool(call.input, "WithDecryption")));
  }
  return base::Json{{"Parameters", std::move(parameters)}};
}

ApiResult put_parameter(SecretStore& store, const ApiCall& call) {
  const auto name = base::json_string(call.input, "Name");
  if (name.empty())
    return failure("ValidationException", "Name: expected a parameter name of at least one character");
  const auto version =
      store.write_parameter(name, base::json_string(call.input, "Value"),
                            base::json_string(call.input, "Type"), base::json_bool(call.input, "Overwrite"));
  if (!version) {
    return failure("ParameterAlreadyExists",
                   "The parameter already exists. To overwrite this value, set the overwrite option in the "
                   "request to true.");
  }
  return base::Json{{"Version", *version}, {"Tier", "Standard"}};
}

}  // namespace

ServiceTable make_secrets_manager_service(SecretStore& store) {
  ServiceTable table{.name = "secretsmanager", .protocol = Protocol::json, .target_prefix = "secretsmanager"};
  auto& operations = table.operations;
  operations["GetSecretValue"] = [&store](const ApiCall& call) { return get_secret_value(store, call); };
  operations["CreateSecret"] = [&store](const ApiCall& call) {
    return write_secret(store, call, SecretStore::Write::create);
  };
  operations["PutSecretValue"] = [&store](const ApiCall& call) {
    return write_secret(store, call, SecretStore::Write::put);
  };
  operations["DescribeSecret"] = [&store](const ApiCall& call) -> ApiResult {
    const auto found = store.find_secret(base::json_string(call.input, "SecretId"));
    if (!found) return no_secret();
    return describe_secret(store, found->first, found->second, "VersionIdsToStages");
  };
  operations["ListSecrets"] = [&store](const ApiCall&) -> ApiResult {
    base::Json list = base::Json::array();
    for (const auto& [name, secret] : store.secrets())
      list.push_back(describe_secret(store, name, secret, "SecretVersionsToStages"));
    return base::Json{{"SecretList", std::move(list)}};
  };
  operations["DeleteSecret"] = [&store](const ApiCall& call) -> ApiResult {
    const auto found = store.find_secret(base::json_string(call.input, "SecretId"));
    if (!found || !store.remove_secret(found->first)) return no_secret();
    return base::Json{{"ARN", store.secret_arn(found->first)}, {"Name", found->first}};
  };
  return table;
}

ServiceTable make_ssm_service(SecretStore& store) {
  ServiceTable table{.name = "ssm", .protocol = Protocol::json, .target_prefix = "AmazonSSM"};
  auto& operations = table.operations;
  operations["GetParameter"] = [&store](const ApiCall& call) { return get_parameter(store, call); };
  operations["GetParameters"] = [&store](const ApiCall& call) { return get_parameters(store, call); };
  operations["GetParametersByPath"] = [&store](const ApiCall& call) {
    return get_parameters_by_path(store, call);
  };
  operations["PutParameter"] = [&store](const ApiCall& call) { return put_parameter(store, call); };
  return table;
}

}  // namespace emulator
