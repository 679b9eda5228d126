#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/strings.h"
#include "base/utf8.h"
#include "workflow/yaml_fields.h"
#include "workflow/yaml_reader.h"

namespace server {

namespace {

using base::Result;
using workflow::Node;

constexpr std::size_t kLargestConfig = 1U << 20;
constexpr int kMostRuns = 1024;
constexpr int kLongestPoll = 86'400;
constexpr int kHighestPriority = 1000;
constexpr int kLongestRetention = 36'500;
constexpr int kMostKept = 1'000'000'000;
constexpr int kForgesSendAgain = 4;
constexpr int kMostMebibytes = 1'000'000'000;

base::Error wrong_at(const std::string& file, int line, int column, std::string message) {
  auto error = base::invalid_input(std::move(message));
  error.location = base::Location{file, line, column};
  return error;
}

// Where YAML would take replacement characters instead.
Result<void> expect_utf8(const std::string& file, std::string_view text) {
  int line = 1;
  int column = 1;
  while (!text.empty()) {
    const auto start = base::utf8_start(text);
    if (!start.valid) return wrong_at(file, line, column, "expected UTF-8, found a byte that is none");
    column = text.front() == '\n' ? 1 : column + 1;
    line += text.front() == '\n' ? 1 : 0;
    text.remove_prefix(start.bytes);
  }
  return {};
}

// It becomes a path of the state folder.
bool is_repository_name(const std::string& text) {
  const auto parts = base::split(text, '/');
  return parts.size() == 2 && std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
           return part.empty() || part == "." || part.find("..") != std::string::npos ||
                  part.find_first_of(std::string_view(" \t\n\0", 4)) != std::string::npos;
         });
}

// Of anything else it would be said only when somebody pushes that it cannot be fetched.
bool is_fetchable(std::string_view url) {
  for (const auto* start : {"https://", "http://", "ssh://", "git://", "file://", "/"}) {
    if (url.starts_with(start)) return true;
  }
  return url.find("://") == std::string_view::npos && url.find('@') < url.find(':');
}

class ConfigReader {
 public:
  explicit ConfigReader(const std::string& file) : fields_(file) {}

  Result<Config> read(const Node& root) {
    TRY(fields_.check_keys(
        root, {"listen", "external-url", "capacity", "labels", "emulator", "emulator-seed", "hooks", "github",
               "repositories", "tokens", "public-read", "retention", "disk"}));
    Config config{.file = fields_.file()};
    TRY(read_listen(root, config));
    TRY(read_external_url(root, config));
    TRY(config.capacity, fields_.whole_at(root, "capacity", config.capacity, kMostRuns));
    TRY(config.labels, fields_.list_at(root, "labels"));
    TRY(config.emulator, fields_.flag_at(root, "emulator"));
    TRY(config.emulator_seed, path_at(root, "emulator-seed"));
    TRY(config.public_read, fields_.flag_at(root, "public-read"));
    if (root["hooks"].present()) TRY(read_hooks(root["hooks"], config));
    if (root["tokens"].present()) TRY(read_tokens(root["tokens"], config));
    if (root["github"].present()) TRY(read_github(root["github"], config.github));
    if (root["retention"].present()) TRY(read_retention(root["retention"], config.retention));
    if (root["disk"].present()) TRY(read_disk(root["disk"], config.disk));
    const Node& repositories = root["repositories"];
    if (!repositories.is_mapping())
      return fields_.wrong(repositories.present() ? repositories : root,
                           "repositories: with owner/name of each");
    for (const auto& [name, value] : repositories.members) {
      TRY(auto repository, read_repository(name, value));
      config.repositories.push_back(std::move(repository));
    }
    return config;
  }

 private:
  Result<void> read_github(const Node& node, GithubConfig& github) const {
    TRY(fields_.check_keys(node, {"app", "private-key", "api"}));
    TRY(github.app, fields_.text_at(node, "app"));
    TRY(github.api, fields_.text_at(node, "api", github.api));
    TRY(const auto key, fields_.text_at(node, "private-key"));
    if (github.app.empty() != key.empty()) return fields_.wrong(node, "app and private-key, both or none");
    if (!key.empty()) {
      TRY(github.private_key, source_of(node["private-key"], key));
    }
    return {};
  }

  Result<void> read_retention(const Node& node, RetentionConfig& keep) const {
    TRY(fields_.check_keys(node, {"runs-days", "runs", "logs-days", "deliveries-days", "deliveries"}));
    TRY(keep.run_days, fields_.whole_at(node, "runs-days", keep.run_days, kLongestRetention));
    TRY(keep.runs, fields_.whole_at(node, "runs", keep.runs, kMostKept));
    TRY(keep.log_days, fields_.whole_at(node, "logs-days", keep.log_days, kLongestRetention));
    TRY(keep.delivery_days, fields_.whole_at(node, "deliveries-days", keep.delivery_days, kLongestRetention));
    TRY(keep.deliveries, fields_.whole_at(node, "deliveries", keep.deliveries, kMostKept));
    // A delivery that is forgotten is new when it comes again.
    if (keep.delivery_days < kForgesSendAgain)
      return fields_.wrong(
          node["deliveries-days"],
          fmt::format("{} or more: forges send deliveries again for so long", kForgesSendAgain));
    if (keep.run_days < 1 || keep.runs < 1) return fields_.wrong(node, "runs-days and runs: 1 or more");
    return {};
  }

  Result<void> read_disk(const Node& node, DiskConfig& disk) const {
    TRY(fields_.check_keys(node, {"soft-mib", "hard-mib"}));
    TRY(const auto soft,
        fields_.whole_at(node, "soft-mib", static_cast<int>(disk.soft >> 20U), kMostMebibytes));
    TRY(const auto hard,
        fields_.whole_at(node, "hard-mib", static_cast<int>(disk.hard >> 20U), kMostMebibytes));
    if (hard > soft) return fields_.wrong(node, "hard-mib: no more than soft-mib");
    disk.soft = static_cast<std::uint64_t>(soft) << 20U;
    disk.hard = static_cast<std::uint64_t>(hard) << 20U;
    return {};
  }

  Result<void> read_listen(const Node& root, Config& config) const {
    TRY(const auto listen, fields_.text_at(root, "listen", "127.0.0.1:8480"));
    const auto colon = listen.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : base::parse_integer(listen.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535 || colon == 0)
      return fields_.wrong(root["listen"], "ADDRESS:PORT, as in 127.0.0.1:8480");
    config.address = listen.substr(0, colon);
    config.port = static_cast<std::uint16_t>(*port);
    return {};
  }

  // What links and reports begin with.
  Result<void> read_external_url(const Node& root, Config& config) const {
    auto& url = config.external_url;
    TRY(url, fields_.text_at(root, "external-url"));
    const bool is_one = url.starts_with("http://") || url.starts_with("https://");
    if (!url.empty() && !is_one)
      return fields_.wrong(root["external-url"], "a URL, as in https://ci.example.org");
    while (url.ends_with('/')) url.pop_back();
    return {};
  }

  Result<void> read_hooks(const Node& node, Config& config) const {
    TRY(fields_.check_keys(node, {"github", "gitea", "gitlab"}));
    for (const auto& [key, value] : node.members) {
      TRY(fields_.check_keys(value, {"secrets"}));
      if (!value["secrets"].present()) return fields_.wrong(value, "secrets: that sign its hooks");
      const auto& given = value["secrets"];
      TRY(const auto texts, fields_.list_at(value, "secrets"));
      if (texts.empty()) return fields_.wrong(given, "one secret or more");
      for (const auto& text : texts) {
        TRY(auto source, source_of(given, text));
        config.hook_secrets[*parse_forge(key.text)].push_back(std::move(source));
      }
    }
    return {};
  }

  Result<void> read_tokens(const Node& node, Config& config) const {
    if (!node.is_mapping()) return fields_.wrong(node, "a name for each token");
    for (const auto& [name, value] : node.members) {
      TRY(fields_.check_keys(value, {"scope", "digest"}));
      TokenConfig token{.name = name.text};
      TRY(const auto scope, fields_.text_at(value, "scope", "read"));
      if (scope == "run") {
        token.scope = Scope::run;
      } else if (scope == "admin") {
        token.scope = Scope::admin;
      } else if (scope != "read") {
        return fields_.wrong(value["scope"], "read, run or admin");
      }
      TRY(token.digest, fields_.text_at(value, "digest"));
      token.digest = base::to_lower(token.digest);
      if (token.digest.size() != 64 ||
          token.digest.find_first_not_of("0123456789abcdef") != std::string::npos)
        return fields_.wrong(value["digest"].present() ? value["digest"] : value,
                             "digest: the token's SHA-256, as `printf %s TOKEN | sha256sum` prints it");
      config.tokens.push_back(std::move(token));
    }
    return {};
  }

  Result<RepositoryConfig> read_repository(const Node& name, const Node& node) const {
    if (!is_repository_name(name.text)) return fields_.wrong(name, "owner/name");
    TRY(fields_.check_keys(node, {"forge", "url", "user", "credential", "default-branch", "poll-seconds",
                                  "hook", "forks", "priority", "secrets-file", "variables"}));
    RepositoryConfig repository{.name = name.text};
    TRY(const auto forge, fields_.text_at(node, "forge", "github"));
    const auto known = parse_forge(forge);
    if (!known) return fields_.wrong(node["forge"], "github, gitea or gitlab");
    repository.forge = *known;
    const auto usual_url =
        repository.forge == Forge::github ? fmt::format("https://github.com/{}.git", name.text) : "";
    TRY(repository.url, fields_.text_at(node, "url", usual_url));
    if (repository.url.empty()) return fields_.wrong(node, "url: that the repository is fetched from");
    if (!is_fetchable(repository.url))
      return fields_.wrong(node["url"],
                           "an address, as in https://git.example.org/acme/shop.git, or a path from /");
    TRY(repository.user, fields_.text_at(node, "user", "x-access-token"));
    if (node["credential"].present()) {
      TRY(const auto text, fields_.text_at(node, "credential"));
      TRY(repository.credential, source_of(node["credential"], text));
    }
    TRY(repository.default_branch, fields_.text_at(node, "default-branch", repository.default_branch));
    TRY(repository.poll_seconds, fields_.whole_at(node, "poll-seconds", 0, kLongestPoll));
    TRY(repository.hook, fields_.whole_at(node, "hook", 0, std::numeric_limits<int>::max()));
    if (repository.hook != 0 && repository.forge != Forge::github)
      return fields_.wrong(node["hook"], "a hook of GitHub's: no other forge is asked for deliveries");
    TRY(const auto forks, fields_.text_at(node, "forks", "approve"));
    if (forks == "refuse") {
      repository.forks = ForkPolicy::refuse;
    } else if (forks != "approve") {
      return fields_.wrong(node["forks"], "approve or refuse");
    }
    TRY(repository.priority, fields_.whole_at(node, "priority", 0, kHighestPriority));
    TRY(repository.secrets_file, path_at(node, "secrets-file"));
    const Node& variables = node["variables"];
    if (variables.present() && !variables.is_mapping())
      return fields_.wrong(variables, "a text for each name");
    for (const auto& [variable, value] : variables.members) {
      if (!value.is_scalar()) return fields_.wrong(value, "a text");
      repository.variables[variable.text] = workflow::text_of(value);
    }
    return repository;
  }

  Result<SecretSource> source_of(const Node& node, const std::string& text) const {
    auto source = parse_secret_source(text);
    if (!source) source.error().location = base::Location{fields_.file(), node.line, node.column};
    if (source && source->kind == SecretSource::Kind::file) source->name = beside(source->name);
    return source;
  }

  Result<std::string> path_at(const Node& node, std::string_view key) const {
    TRY(const auto path, fields_.text_at(node, key));
    return path.empty() ? path : beside(path);
  }

  // Paths are from the configuration's folder, wherever the daemon was started.
  [[nodiscard]] std::string beside(const std::string& path) const {
    std::error_code error;
    const auto folder = std::filesystem::absolute(fields_.file(), error).parent_path();
    return (folder / path).lexically_normal().string();
  }

  workflow::YamlFields fields_;
};

}  // namespace

std::string_view to_string(Forge forge) {
  if (forge == Forge::gitea) return "gitea";
  return forge == Forge::gitlab ? "gitlab" : "github";
}

std::optional<Forge> parse_forge(std::string_view name) {
  for (const auto forge : {Forge::github, Forge::gitea, Forge::gitlab}) {
    if (name == to_string(forge)) return forge;
  }
  return std::nullopt;
}

const RepositoryConfig* Config::find_repository(std::string_view name) const {
  const auto found = std::find_if(repositories.begin(), repositories.end(), [&](const auto& repository) {
    return base::equals_ignoring_case(repository.name, name);
  });
  return found == repositories.end() ? nullptr : &*found;
}

Result<Config> parse_config(const std::string& file, std::string_view text) {
  TRY(expect_utf8(file, text));
  workflow::Diagnostics problems;
  const Node root = workflow::read_yaml(file, text, problems);
  if (!problems.empty()) return base::invalid_input(workflow::to_string(problems.front()));
  if (!root.present())
    return wrong_at(file, 1, 1, "expected repositories: with owner/name of each, found nothing");
  return ConfigReader(file).read(root);
}

Result<Config> load_config(const std::string& file) {
  TRY(const auto text, base::read_file(file, kLargestConfig));
  return parse_config(file, text);
}

}  // namespace server
