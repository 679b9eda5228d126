#include "ecr/build_variables.h"

#include <array>

#include "base/strings.h"
#include "ecr/check_rules.h"

namespace ecr {

namespace {

constexpr std::array<std::string_view, 10> kProxies = {
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
    "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};

constexpr const char* kHostnameArg = "BUILDKIT_SANDBOX_HOSTNAME";

bool is_proxy(std::string_view name) {
  return std::find(kProxies.begin(), kProxies.end(), name) != kProxies.end();
}

/// What TARGETSTAGE is: of a target without a name, BuildKit's word for it.
std::string name_of_target(const Dockerfile& file, const std::string& target) {
  if (!target.empty()) return target;
  const bool has_name = !file.stages.empty() && !file.stages.back().name.empty();
  return has_name ? file.stages.back().name : "default";
}

std::map<std::string, std::string> platform_variables(const Platform& target) {
  const Platform build = host_platform();
  std::map<std::string, std::string> variables;
  for (const auto& [prefix, platform] :
       {std::pair<std::string, Platform>("TARGET", target), {"BUILD", build}}) {
    variables[prefix + "PLATFORM"] = to_string(platform);
    variables[prefix + "OS"] = platform.os;
    variables[prefix + "ARCH"] = platform.architecture;
    variables[prefix + "VARIANT"] = platform.variant;
  }
  return variables;
}

}  // namespace

ArgDeclaration parse_arg(const std::string& word) {
  const auto equals = word.find('=');
  if (equals == std::string::npos) return {word, std::nullopt};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

base::Result<GlobalVariables> GlobalVariables::evaluate(const Dockerfile& file, const BuildOptions& options,
                                                        const Platform& platform) {
  GlobalVariables variables;
  variables.given_ = options.build_args;
  variables.predefined_ = platform_variables(platform);
  variables.predefined_["TARGETSTAGE"] = name_of_target(file, options.target);
  for (const auto& instruction : file.global_args) {
    for (const auto& word : instruction.arguments) {
      const auto declaration = parse_arg(word);
      if (auto value = variables.given(declaration.name)) {
        variables.declared_[declaration.name] = *value;
      } else if (declaration.fallback) {
        TRY(variables.declared_[declaration.name],
            expand_word(
                *declaration.fallback, [&](std::string_view name) { return variables.find(name); },
                file.escape));
      }
    }
  }
  return variables;
}

std::optional<std::string> GlobalVariables::find(std::string_view name) const {
  const std::string key(name);
  if (const auto found = declared_.find(key); found != declared_.end()) return found->second;
  if (const auto found = predefined_.find(key); found != predefined_.end()) return found->second;
  return std::nullopt;
}

std::vector<std::string> GlobalVariables::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : declared_) names.push_back(name);
  for (const auto& [name, value] : predefined_) names.push_back(name);
  return names;
}

std::optional<std::string> GlobalVariables::for_stage(const std::string& name) {
  if (auto value = given(name)) return value;
  return find(name);
}

std::optional<std::string> GlobalVariables::given(const std::string& name) {
  const auto found = given_.find(name);
  if (found == given_.end()) return std::nullopt;
  used_.insert(name);
  return found->second;
}

std::map<std::string, std::string> GlobalVariables::proxies() const {
  std::map<std::string, std::string> proxies;
  for (const auto& [name, value] : given_) {
    if (!is_proxy(name)) continue;
    // Programs ask for them in either case.
    proxies[base::to_upper(name)] = value;
    proxies[base::to_lower(name)] = value;
  }
  return proxies;
}

std::string GlobalVariables::hostname() const {
  const auto found = given_.find(kHostnameArg);
  return found == given_.end() ? "buildkitsandbox" : found->second;
}

std::vector<std::string> GlobalVariables::unused() const {
  std::vector<std::string> unused;
  for (const auto& [name, value] : given_) {
    if (!used_.contains(name) && !is_proxy(name) && name != kEpochArg && name != kCheckArg &&
        name != kHostnameArg)
      unused.push_back(name);
  }
  return unused;
}

}  // namespace ecr
