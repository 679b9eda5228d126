#include "emulator/ecr_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "emulator/api_failure.h"
#include "emulator/ecr_images.h"
#include "emulator/ecr_policies.h"
#include "emulator/ecr_scans.h"

namespace emulator {

namespace {

constexpr std::size_t kLongestName = 256;

ApiFailure no_repository(const EcrSurroundings& all, const std::string& name) {
  return failure("RepositoryNotFoundException",
                 fmt::format("The repository with name '{}' does not exist in the registry with id '{}'",
                             name, all.repositories.account()));
}

// ECR's rule: groups of lower-case letters and digits, joined by one of . _ - or __, in paths.
bool is_repository_name(const std::string& name) {
  if (name.size() < 2 || name.size() > kLongestName) return false;
  bool after_separator = true;
  for (const char c : name) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool is_separator = c == '.' || c == '_' || c == '-' || c == '/';
    if (!is_word && !is_separator) return false;
    if (is_separator && after_separator && c != '_' && c != '-') return false;
    after_separator = is_separator;
  }
  return !after_separator;
}

base::Json describe(const EcrSurroundings& all, const Repository& repository) {
  return {{"repositoryArn", all.repositories.arn_of(repository.name)},
          {"registryId", all.repositories.account()},
          {"repositoryName", repository.name},
          {"repositoryUri", all.registry + "/" + repository.name},
          {"createdAt", repository.created_at},
          {"imageTagMutability", repository.immutable_tags ? "IMMUTABLE" : "MUTABLE"},
          {"imageScanningConfiguration", {{"scanOnPush", repository.scan_on_push}}},
          {"encryptionConfiguration", {{"encryptionType", "AES256"}}}};
}

ApiResult create_repository(const EcrSurroundings& all, const ApiCall& call) {
  const auto name = base::json_string(call.input, "repositoryName");
  if (!is_repository_name(name)) {
    return failure(
        "InvalidParameterException",
        fmt::format(
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: '{}' is no repository name",
            name));
  }
  const auto created = all.repositories.create(
      name, base::json_string(call.input, "imageTagMutability") == "IMMUTABLE",
      base::json_bool(base::json_member(call.input, "imageScanningConfiguration"), "scanOnPush"));
  if (!created) {
    return failure("RepositoryAlreadyExistsException",
                   fmt::format("The repository with name '{}' already exists in the registry with id '{}'",
                               name, all.repositories.account()));
  }
  if (const auto& tags = base::json_member(call.input, "tags"); tags.is_array()) {
    all.repositories.change(name, [&](Repository& repository) { repository.tags = tags; });
  }
  return base::Json{{"repository", describe(all, *created)}};
}

ApiResult describe_repositories(const EcrSurroundings& all, const ApiCall& call) {
  base::Json list = base::Json::array();
  const auto& names = base::json_member(call.input, "repositoryNames");
  if (!names.is_array() || names.empty()) {
    for (const auto& repository : all.repositories.list()) list.push_back(describe(all, repository));
    return base::Json{{"repositories", std::move(list)}};
  }
  for (const auto& entry : names) {
    const auto name = entry.is_string() ? entry.get<std::string>() : "";
    const auto repository = all.repositories.find(name);
    if (!repository) return no_repository(all, name);
    list.push_back(describe(all, *repository));
  }
  return base::Json{{"repositories", std::move(list)}};
}

ApiResult delete_repository(const EcrSurroundings& all, const ApiCall& call) {
  const auto name = base::json_string(call.input, "repositoryName");
  const auto repository = all.repositories.find(name);
  if (!repository) return no_repository(all, name);
  if (!repository->manifests.empty() && !base::json_bool(call.input, "force")) {
    return failure("RepositoryNotEmptyException",
                   fmt::format("The repository with name '{}' in registry with id '{}' cannot be deleted "
                               "because it still contains images",
                               name, all.repositories.account()));
  }
  all.repositories.remove(name);
  return base::Json{{"repository", describe(all, *repository)}};
}

ApiResult get_authorization_token(const EcrSurroundings& all, const ApiCall& call) {
  const auto token = all.tokens.issue(call.principal);
  const base::Json data = {{"authorizationToken", base::base64_encode("AWS:" + token.password)},
                           {"expiresAt", token.expires_at},
                           {"proxyEndpoint", "http://" + all.registry}};
  return base::Json{{"authorizationData", base::Json::array({data})}};
}

ApiResult change_repository(const EcrSurroundings& all, const ApiCall& call,
                            const std::function<base::Json(Repository&)>& change) {
  const auto name = base::json_string(call.input, "repositoryName");
  base::Json answer = {{"registryId", all.repositories.account()}, {"repositoryName", name}};
  if (!all.repositories.change(name, [&](Repository& repository) { answer.update(change(repository)); }))
    return no_repository(all, name);
  return answer;
}

ApiResult list_tags(const EcrSurroundings& all, const ApiCall& call) {
  const auto arn = base::json_string(call.input, "resourceArn");
  for (const auto& repository : all.repositories.list()) {
    if (all.repositories.arn_of(repository.name) == arn) return base::Json{{"tags", repository.tags}};
  }
  return no_repository(all, arn);
}

}  // namespace

ServiceTable make_ecr_service(Repositories& repositories, RegistryTokens& tokens, base::Clock& clock,
                              const std::string& registry) {
  ServiceTable table{
      .name = "ecr", .protocol = Protocol::json, .target_prefix = "AmazonEC2ContainerRegistry_V20150921"};
  const EcrSurroundings all{repositories, tokens, registry};
  auto& operations = table.operations;
  operations["CreateRepository"] = [all](const ApiCall& call) { return create_repository(all, call); };
  operations["DescribeRepositories"] = [all](const ApiCall& call) {
    return describe_repositories(all, call);
  };
  operations["DeleteRepository"] = [all](const ApiCall& call) { return delete_repository(all, call); };
  operations["GetAuthorizationToken"] = [all](const ApiCall& call) {
    return get_authorization_token(all, call);
  };
  operations["ListTagsForResource"] = [all](const ApiCall& call) { return list_tags(all, call); };
  operations["PutImageTagMutability"] = [all](const ApiCall& call) {
    return change_repository(all, call, [&](Repository& repository) -> base::Json {
      repository.immutable_tags = base::json_string(call.input, "imageTagMutability") == "IMMUTABLE";
      return {{"imageTagMutability", repository.immutable_tags ? "IMMUTABLE" : "MUTABLE"}};
    });
  };
  operations["PutImageScanningConfiguration"] = [all](const ApiCall& call) {
    return change_repository(all, call, [&](Repository& repository) -> base::Json {
      repository.scan_on_push =
          base::json_bool(base::json_member(call.input, "imageScanningConfiguration"), "scanOnPush");
      return {{"imageScanningConfiguration", {{"scanOnPush", repository.scan_on_push}}}};
    });
  };
  add_image_operations(table, all);
  add_scan_operations(table, repositories, clock);
  add_policy_operations(table, repositories, clock);
  return table;
}

}  // namespace emulator
