#include "ecr/ecr_client.h"

#include "aws/client.h"
#include "base/crypto.h"
#include "base/json.h"

namespace ecr {

using base::ErrorKind;
using base::json_member;
using base::json_string;
using base::make_error;
using base::Result;

namespace {

std::string operation(std::string_view name) {
  return "AmazonEC2ContainerRegistry_V20150921." + std::string(name);
}

Result<AuthorizationToken> token_of(const base::Json& json) {
  auto decoded = base::base64_decode(json_string(json, "authorizationToken"));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  AuthorizationToken token{.proxy_endpoint = json_string(json, "proxyEndpoint")};
  if (colon == std::string::npos || token.proxy_endpoint.empty()) {
    return make_error(ErrorKind::remote,
                      "Amazon ECR authorization token is invalid: expected base64 of NAME:PASSWORD and a "
                      "proxyEndpoint");
  }
  token.credentials = {decoded->substr(0, colon), decoded->substr(colon + 1)};
  const auto scheme = token.proxy_endpoint.find("://");
  token.host = scheme == std::string::npos ? token.proxy_endpoint : token.proxy_endpoint.substr(scheme + 3);
  while (token.host.ends_with('/')) token.host.pop_back();
  return token;
}

EcrRepository repository_of(const base::Json& json) {
  return {json_string(json, "repositoryName"), json_string(json, "repositoryArn"),
          json_string(json, "repositoryUri"), json_string(json, "registryId"),
          json_string(json, "imageTagMutability")};
}

}  // namespace

Result<std::vector<AuthorizationToken>> get_authorization_tokens(aws::Client& client,
                                                                 const std::vector<std::string>& accounts) {
  base::Json request = base::Json::object();
  if (!accounts.empty()) request["registryIds"] = accounts;
  TRY(const auto answer, client.call_json(aws::kEcr, operation("GetAuthorizationToken"), request));
  const auto& list = json_member(answer, "authorizationData");
  std::vector<AuthorizationToken> tokens;
  for (const auto& entry : list) {
    TRY(auto token, token_of(entry));
    tokens.push_back(std::move(token));
  }
  if (tokens.empty())
    return make_error(ErrorKind::remote, "Amazon ECR authorization token returned no authorization data");
  return tokens;
}

Result<AuthorizationToken> get_authorization_token(aws::Client& client) {
  TRY(auto tokens, get_authorization_tokens(client, {}));
  return std::move(tokens.front());
}

Result<AuthorizationToken> get_public_authorization_token(aws::Client& client) {
  TRY(const auto answer, client.call_json(aws::kEcrPublic, "SpencerFrontendService.GetAuthorizationToken",
                                          base::Json::object()));
  auto data = json_member(answer, "authorizationData");
  if (!data.is_object())
    return make_error(ErrorKind::remote, "Amazon ECR authorization token returned no authorization data");
  data["proxyEndpoint"] = "https://public.ecr.aws";
  return token_of(data);
}

Result<std::optional<EcrRepository>> describe_repository(aws::Client& client, const std::string& name) {
  const auto answer = client.call_json(aws::kEcr, operation("DescribeRepositories"),
                                       {{"repositoryNames", base::Json::array({name})}});
  if (!answer && answer.error().code == "RepositoryNotFoundException") return std::optional<EcrRepository>();
  if (!answer) return answer.error();
  const auto& list = json_member(*answer, "repositories");
  if (!list.is_array() || list.empty()) return std::optional<EcrRepository>();
  return std::optional(repository_of(list[0]));
}

Result<EcrRepository> create_repository(aws::Client& client, const std::string& name) {
  TRY(const auto answer,
      client.call_json(aws::kEcr, operation("CreateRepository"), {{"repositoryName", name}}));
  return repository_of(json_member(answer, "repository"));
}

Result<std::optional<EcrImage>> describe_image(aws::Client& client, const std::string& repository,
                                               const std::string& tag_or_digest) {
  const char* key = tag_or_digest.starts_with("sha256:") ? "imageDigest" : "imageTag";
  const base::Json id = {{key, tag_or_digest}};
  const auto answer =
      client.call_json(aws::kEcr, operation("DescribeImages"),
                       {{"repositoryName", repository}, {"imageIds", base::Json::array({id})}});
  if (!answer && answer.error().code == "ImageNotFoundException") return std::optional<EcrImage>();
  if (!answer) return answer.error();
  const auto& list = json_member(*answer, "imageDetails");
  if (!list.is_array() || list.empty()) return std::optional<EcrImage>();
  TRY(auto digest, Digest::parse(json_string(list[0], "imageDigest")));
  EcrImage image{.digest = std::move(digest),
                 .size = static_cast<std::uint64_t>(base::json_integer(list[0], "imageSizeInBytes"))};
  for (const auto& tag : json_member(list[0], "imageTags")) {
    if (tag.is_string()) image.tags.push_back(tag.get<std::string>());
  }
  return std::optional(std::move(image));
}

}  // namespace ecr
