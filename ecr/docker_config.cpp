#include "ecr/docker_config.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "aws/provider_chain.h"
#include "base/crypto.h"
#include "base/glob.h"
#include "base/json.h"
#include "base/process.h"
#include "base/strings.h"
#include "ecr/ecr_client.h"

extern char** environ;

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Path;
using base::Result;
using Login = std::optional<RegistryCredentials>;

constexpr std::size_t kMostConfigBytes = 4U << 20;
constexpr std::chrono::seconds kHelperTime{60};
constexpr const char* kDockerHubKey = "https://index.docker.io/v1/";
constexpr const char* kIdentityTokenUser = "<token>";

std::string variable(const UserEnvironment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::vector<Path> config_files(const UserEnvironment& environment) {
  std::vector<Path> files;
  const auto add = [&](const std::string& folder, const char* name) {
    if (!folder.empty()) files.push_back(Path(folder) / name);
  };
  if (const auto named = variable(environment, "REGISTRY_AUTH_FILE"); !named.empty())
    files.emplace_back(named);
  const auto home = variable(environment, "HOME");
  const auto docker = variable(environment, "DOCKER_CONFIG");
  add(docker.empty() ? (home.empty() ? "" : home + "/.docker") : docker, "config.json");
  add(variable(environment, "XDG_RUNTIME_DIR"), "containers/auth.json");
  add(home, ".config/containers/auth.json");
  return files;
}

/// How files name the same host: as it is, with a scheme, with the path of an old API; Docker Hub by its old
/// name.
std::vector<std::string> keys_of(const std::string& host) {
  if (host == "docker.io") return {kDockerHubKey, "docker.io", "index.docker.io", "registry-1.docker.io"};
  return {host,
          "https://" + host,
          "http://" + host,
          "https://" + host + "/",
          "https://" + host + "/v1/",
          "https://" + host + "/v2/"};
}

bool is_helper_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Result<Login> ask_helper(const std::string& name, const std::string& key,
                         const UserEnvironment& environment) {
  if (!is_helper_name(name))
    return make_error(ErrorKind::invalid_input, "\"" + name + "\" names no credential helper");
  const std::string program = "docker-credential-" + name;
  const auto path = base::find_program(program, variable(environment, "PATH"));
  if (!path) {
    return make_error(
        ErrorKind::not_found,
        fmt::format("the credential helper {} is not on PATH, but docker's configuration names it", program));
  }
  std::vector<std::string> variables;
  for (const auto& [variable_name, value] : environment) variables.push_back(variable_name + "=" + value);
  TRY(const auto answer, base::run_process({.argv = {path->string(), "get"},
                                            .environment = std::move(variables),
                                            .input = key,
                                            .timeout = kHelperTime}));
  // That it knows nothing is an answer, too (docker-credential-helpers: credentials not found in native
  // keychain).
  if (answer.exit_code != 0 && base::to_lower(answer.output).find("not found") != std::string::npos)
    return Login();
  const auto json = base::parse_json(answer.output);
  if (answer.exit_code != 0 || !json) {
    return make_error(ErrorKind::denied, fmt::format("the credential helper {} failed with exit code {}",
                                                     program, answer.exit_code));
  }
  RegistryCredentials login{.username = base::json_string(*json, "Username"),
                            .password = base::json_string(*json, "Secret")};
  if (login.username == kIdentityTokenUser) login = {.identity_token = login.password};
  return Login(std::move(login));
}

Result<Login> login_of_entry(const Json& entry, const std::string& key) {
  RegistryCredentials login{.username = base::json_string(entry, "username"),
                            .password = base::json_string(entry, "password"),
                            .identity_token = base::json_string(entry, "identitytoken")};
  if (const auto auth = base::json_string(entry, "auth"); !auth.empty()) {
    const auto decoded = base::base64_decode(auth);
    const auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("\"auth\" of \"{}\" under \"auths\" is not base64 of a user name, a "
                                    "colon and a password; log in to this registry anew",
                                    key));
    }
    login.username = decoded->substr(0, colon);
    login.password = decoded->substr(colon + 1);
    while (login.password.ends_with('\0')) login.password.pop_back();  // as old versions wrote it
  }
  if (login.username.empty() && login.identity_token.empty()) return Login();
  return Login(std::move(login));
}

Result<Login> login_in(const Json& config, const std::string& host, const UserEnvironment& environment) {
  const auto keys = keys_of(host);
  for (const auto& key : keys) {
    const auto helper = base::json_string(base::json_member(config, "credHelpers"), key);
    if (!helper.empty()) return ask_helper(helper, key, environment);
  }
  const auto& entries = base::json_member(config, "auths");
  for (const auto& key : keys) {
    if (!entries.is_object() || !entries.contains(key)) continue;
    TRY(auto login, login_of_entry(entries.at(key), key));
    if (login) return login;
  }
  if (const auto store = base::json_string(config, "credsStore"); !store.empty())
    return ask_helper(store, keys.front(), environment);
  return Login();
}

/// <account>.dkr.ecr[-fips].<region>.amazonaws.com[.cn]
std::string region_of_ecr_host(const std::string& host) {
  const auto parts = base::split(host, '.');
  const bool is_ecr = parts.size() >= 6 && parts[1] == "dkr" &&
                      (parts[2] == "ecr" || parts[2] == "ecr-fips") && parts[4] == "amazonaws" &&
                      parts[5] == "com";
  return is_ecr ? parts[3] : "";
}

/// The region to ask for a token of the host: a registry of ECR's says it; any other may be that of the
/// endpoint that stands in for ECR (AWS_ENDPOINT_URL), an emulator's. Empty: nobody is to be asked.
std::string region_of_host(const std::string& host, const UserEnvironment& environment) {
  auto region = region_of_ecr_host(host);
  const bool has_endpoint = !variable(environment, "AWS_ENDPOINT_URL").empty() ||
                            !variable(environment, "AWS_ENDPOINT_URL_ECR").empty();
  if (!region.empty() || !has_endpoint) return region;
  region = variable(environment, "AWS_REGION");
  return region.empty() ? variable(environment, "AWS_DEFAULT_REGION") : region;
}

/// For whoever has AWS credentials at all; that there are none is no error.
Result<std::optional<aws::CredentialSource>> aws_keys(const aws::ClientOptions& options) {
  const auto read = [](const std::string& file) -> Result<std::string> {
    if (!base::exists(file)) return base::make_error(ErrorKind::not_found, file + " does not exist");
    return base::read_file(file, kMostConfigBytes);
  };
  auto found = aws::find_credentials({options, read, nullptr, false});
  if (found) return std::optional(std::move(*found));
  if (found.error().kind == ErrorKind::not_found && variable(options.environment, "AWS_PROFILE").empty())
    return std::optional<aws::CredentialSource>();
  return std::move(found).error();
}

}  // namespace

UserEnvironment user_environment() {
  UserEnvironment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Result<Login> find_kept_login(const std::string& host, const UserEnvironment& environment) {
  for (const auto& file : config_files(environment)) {
    if (!base::exists(file)) continue;
    TRY(const auto text, base::read_file(file, kMostConfigBytes));
    auto config = base::parse_json(text);
    if (!config) return std::move(config).error().while_doing("reading " + file.string());
    TRY(auto login, login_in(*config, host, environment).while_doing("reading " + file.string()));
    if (login) return login;
  }
  return Login();
}

Result<Login> find_ecr_login(const std::string& host, const UserEnvironment& environment,
                             base::HttpClient& http) {
  const auto region = region_of_host(host, environment);
  if (region.empty()) return Login();
  aws::ClientOptions options{.http = &http, .region = region, .environment = environment};
  TRY(options.credentials, aws_keys(options));
  if (!options.credentials) return Login();
  aws::Client client(std::move(options));
  TRY(const auto token, get_authorization_token(client).while_doing("logging in to " + host));
  const bool is_its_own = !region_of_ecr_host(host).empty() || token.host == host;
  return is_its_own ? Login(token.credentials) : Login();
}

Result<RegistryOptions> user_registry_options(base::HttpClient& http) {
  RegistryOptions options{.http = &http};
  const auto environment = user_environment();
  TRY(options.config, load_registries_config(environment));
  options.find_credentials = [environment, &http](const std::string& host) -> Result<Login> {
    TRY(auto login, find_kept_login(host, environment));
    if (login) return login;
    return find_ecr_login(host, environment, http);
  };
  return options;
}

}  // namespace ecr
