#pragma once
// The daemon's configuration file: what it listens on, whose hooks it takes, which repositories it runs, and
// who may ask it. docs/serve.md has every key. Not for what a repository says of itself (.pipeline.yml).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "server/secret_source.h"

namespace server {

enum class Forge { github, gitea, gitlab };
std::string_view to_string(Forge forge);
std::optional<Forge> parse_forge(std::string_view name);

/// What to do with a pull request that comes from a fork.
enum class ForkPolicy { approve, refuse };

struct RepositoryConfig {
  std::string name;  ///< owner/name
  Forge forge = Forge::github;
  std::string url;   ///< that it is fetched from
  std::string user;  ///< … with the credential
  SecretSource credential;
  std::string default_branch = "main";
  int poll_seconds = 0;  ///< 0: hooks alone
  int hook = 0;          ///< GitHub's number of the hook whose lost deliveries are asked for; 0: none
  ForkPolicy forks = ForkPolicy::approve;
  int priority = 0;  ///< greater goes first
  std::string secrets_file;
  std::map<std::string, std::string> variables;
};

/// A scope holds the ones before it.
enum class Scope { read, run, admin };

struct TokenConfig {
  std::string name;
  Scope scope = Scope::read;
  std::string digest;  ///< SHA-256 of the token, 64 hex digits
};

/// The App that reports to GitHub; without one commit statuses do, by the repositories' credentials.
struct GithubConfig {
  std::string app;  ///< its client id or number; empty: there is none
  SecretSource private_key;
  std::string api = "https://api.github.com";
};

/// How long, and how many, of what a daemon keeps.
struct RetentionConfig {
  int run_days = 90;  ///< with all that belongs to a run
  int runs = 10'000;
  int log_days = 90;  ///< the rest of a run stays
  int delivery_days = 30;
  int deliveries = 100'000;
};

/// How much of the disk is to be left, in bytes.
struct DiskConfig {
  std::uint64_t soft = 1024ULL << 20;  ///< with less, what is too old is removed at once
  std::uint64_t hard = 64ULL << 20;    ///< … no run is begun: it would end for want of disk
};

struct Config {
  std::string file;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string external_url;  ///< what people reach it by; empty: the address it listens on
  int capacity = 2;          ///< runs at a time
  std::vector<std::string> labels;
  bool emulator = false;  ///< runs deploy to the embedded AWS
  std::string emulator_seed;
  std::map<Forge, std::vector<SecretSource>> hook_secrets;  ///< any of them signs
  GithubConfig github;
  std::vector<RepositoryConfig> repositories;
  std::vector<TokenConfig> tokens;
  bool public_read = false;  ///< reading needs no token
  RetentionConfig retention;
  DiskConfig disk;

  [[nodiscard]] const RepositoryConfig* find_repository(std::string_view name) const;
};

/// Errors say file:line:col, what was expected and what was found.
base::Result<Config> parse_config(const std::string& file, std::string_view text);
base::Result<Config> load_config(const std::string& file);

}  // namespace server
