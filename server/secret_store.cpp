#include "server/secret_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>

#include "base/clock.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr std::size_t kLargestSecret = 48U << 10;  // as on GitHub
constexpr std::size_t kLongestName = 255;

constexpr const char* kSecretTables = R"(
CREATE TABLE IF NOT EXISTS secrets (
  scope TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, reference TEXT NOT NULL,
  wrapped_key TEXT NOT NULL, sealed TEXT NOT NULL, master TEXT NOT NULL, updated REAL NOT NULL,
  PRIMARY KEY (scope, name));
CREATE TABLE IF NOT EXISTS variables (
  scope TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (scope, name));
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, scope TEXT NOT NULL,
  name TEXT NOT NULL, version INTEGER NOT NULL);
)";

// Lengths, so that no two different secrets are bound to the same text.
std::string purpose_of(const SecretEntry& entry) {
  const auto scope = to_string(entry.scope);
  return fmt::format("{}:{}|{}:{}|{}", scope.size(), scope, entry.name.size(), entry.name, entry.version);
}

SecretScope scope_of_text(const std::string& text) {
  SecretScope scope;
  const auto colon = text.find(':');
  const auto slash = text.substr(0, colon).find('/');
  scope.owner = text.substr(0, std::min(slash, colon));
  if (slash != std::string::npos)
    scope.repository = text.substr(slash + 1, colon - std::min(colon, slash + 1));
  if (colon != std::string::npos) scope.environment = text.substr(colon + 1);
  return scope;
}

// The names of owners, repositories and environments are without case, as on GitHub.
std::string key_of(const SecretScope& scope) {
  return base::to_lower(to_string(scope));
}

/// From what covers most to what covers least.
std::vector<SecretScope> scopes_above(const SecretScope& scope) {
  std::vector<SecretScope> scopes{{.owner = scope.owner}};
  if (!scope.repository.empty()) scopes.push_back({.owner = scope.owner, .repository = scope.repository});
  if (!scope.environment.empty()) scopes.push_back(scope);
  return scopes;
}

base::Result<std::string> checked_name(std::string_view name) {
  const auto upper = base::to_upper(name);
  const bool fits = !upper.empty() && upper.size() <= kLongestName && std::isdigit(upper.front()) == 0 &&
                    std::all_of(upper.begin(), upper.end(),
                                [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  if (fits && !upper.starts_with("GITHUB_")) return upper;
  return base::invalid_input(
      fmt::format("expected a name of letters, digits and underscores that begins neither with a digit nor "
                  "with GITHUB_, found '{}'",
                  name));
}

base::Result<void> check_part(std::string_view part, std::string_view what) {
  const bool fits =
      part.size() <= kLongestName && std::none_of(part.begin(), part.end(), [](unsigned char c) {
        return std::iscntrl(c) != 0 || c == ':' || c == '/';
      });
  if (fits) return {};
  return base::invalid_input(
      fmt::format("expected the name of {} without '/', ':' and control characters, found '{}'", what, part));
}

base::Result<void> check_scope(const SecretScope& scope) {
  if (scope.owner.empty() || (scope.repository.empty() && !scope.environment.empty()))
    return base::invalid_input("expected an owner, OWNER/REPOSITORY, or one with an environment");
  TRY(check_part(scope.owner, "an owner"));
  TRY(check_part(scope.repository, "a repository"));
  return check_part(scope.environment, "an environment");
}

base::Error no_such(std::string_view kind, const SecretScope& scope, std::string_view name) {
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("{} has no {} '{}'", to_string(scope), kind, name));
}

double epoch_now() {
  return base::to_epoch_seconds(base::system_clock().now());
}

}  // namespace

struct SecretStore::Row {
  SecretEntry entry;
  SealedText sealed;
};

std::string to_string(const SecretScope& scope) {
  return fmt::format("{}{}{}{}{}", scope.owner, scope.repository.empty() ? "" : "/", scope.repository,
                     scope.environment.empty() ? "" : ":", scope.environment);
}

base::Result<SecretScope> scope_of_repository(std::string_view repository, std::string_view environment) {
  const auto slash = repository.find('/');
  SecretScope scope{
      .owner = std::string(repository.substr(0, slash)),
      .repository = slash == std::string_view::npos ? "" : std::string(repository.substr(slash + 1)),
      .environment = std::string(environment)};
  if (scope.repository.empty())
    return base::invalid_input(fmt::format("expected a repository as OWNER/NAME, found '{}'", repository));
  TRY(check_scope(scope));
  return scope;
}

base::Result<SecretStore> SecretStore::open(const base::Path& state_folder, const MasterKey& master) {
  TRY(base::make_directories(state_folder, 0700));
  // SQLite gives its other files the mode of this one.
  const auto file = state_folder / "secrets.db";
  TRY(base::append_file(file, "", 0600));
  TRY(auto database, runner::Sqlite::open(file, kSecretTables, "the secrets"));
  return SecretStore(std::move(database), master);
}

base::Result<void> SecretStore::write_down(const SecretEntry& entry, std::string_view what,
                                           std::string_view who) {
  TRY(database_.run(
      "writing down who used a secret",
      "INSERT INTO audit (at, who, what, scope, name, version) VALUES (?, ?, ?, ?, ?, ?)",
      {epoch_now(), std::string(who), std::string(what), key_of(entry.scope), entry.name, entry.version}));
  return {};
}

base::Result<void> SecretStore::put(const SecretEntry& given, std::string_view value, std::string_view who) {
  TRY(check_scope(given.scope));
  auto entry = given;
  TRY(entry.name, checked_name(given.name));
  if (value.size() > kLargestSecret) {
    return base::invalid_input(fmt::format("a secret has {} at most, found {}",
                                           base::format_bytes(kLargestSecret),
                                           base::format_bytes(value.size())));
  }
  entry.scope = scope_of_text(key_of(given.scope));
  return database_.together("keeping a secret", [&]() -> base::Result<void> {
    TRY(database_.each("looking for the secret", "SELECT version FROM secrets WHERE scope = ? AND name = ?",
                       {key_of(entry.scope), entry.name},
                       [&](const runner::Sqlite::Row& row) { entry.version = row.integer(0) + 1; }));
    const auto sealed = seal(value, purpose_of(entry), *master_);
    TRY(database_.run(
        "keeping the secret",
        "INSERT INTO secrets (scope, name, version, reference, wrapped_key, sealed, master, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (scope, name) DO UPDATE SET version = "
        "excluded.version, reference = excluded.reference, wrapped_key = excluded.wrapped_key, "
        "sealed = excluded.sealed, master = excluded.master, updated = excluded.updated",
        {key_of(entry.scope), entry.name, entry.version, entry.reference, sealed.wrapped_key, sealed.text,
         sealed.master, epoch_now()}));
    return write_down(entry, "set", who);
  });
}

base::Result<void> SecretStore::set_secret(const SecretScope& scope, std::string_view name,
                                           std::string_view value, std::string_view who) {
  return put({.scope = scope, .name = std::string(name)}, value, who);
}

base::Result<void> SecretStore::refer_to(const SecretScope& scope, std::string_view name,
                                         std::string_view reference, std::string_view who) {
  const bool known = reference.starts_with("ssm:") || reference.starts_with("arn:aws");
  if (!known || reference.size() <= 4) {
    return base::invalid_input(
        fmt::format("expected arn:aws:secretsmanager:…, arn:aws:ssm:… or ssm:NAME as a reference, found '{}'",
                    reference));
  }
  return put({.scope = scope, .name = std::string(name), .reference = std::string(reference)}, "", who);
}

base::Result<void> SecretStore::remove_secret(const SecretScope& scope, std::string_view name,
                                              std::string_view who) {
  const SecretEntry entry{.scope = scope, .name = base::to_upper(name), .version = 0};
  return database_.together("removing a secret", [&]() -> base::Result<void> {
    TRY(const int removed,
        database_.run("removing the secret", "DELETE FROM secrets WHERE scope = ? AND name = ?",
                      {key_of(scope), entry.name}));
    if (removed == 0) return no_such("secret", scope, entry.name);
    return write_down(entry, "removed", who);
  });
}

base::Result<std::vector<SecretStore::Row>> SecretStore::rows_of(const std::vector<SecretScope>& scopes) {
  std::vector<Row> rows;
  for (const auto& scope : scopes) {
    TRY(database_.each(
        "reading the secrets",
        "SELECT scope, name, version, reference, wrapped_key, sealed, master, updated FROM secrets "
        "WHERE scope = ? ORDER BY name",
        {key_of(scope)}, [&](const runner::Sqlite::Row& row) {
          rows.push_back({.entry = {.scope = scope_of_text(row.text(0)),
                                    .name = row.text(1),
                                    .version = row.integer(2),
                                    .reference = row.text(3),
                                    .updated = row.number(7)},
                          .sealed = {row.text(4), row.text(5), row.text(6)}});
        }));
  }
  return rows;
}

base::Result<std::vector<SecretEntry>> SecretStore::list_secrets() {
  std::vector<SecretEntry> entries;
  TRY(database_.each("listing the secrets",
                     "SELECT scope, name, version, reference, updated FROM secrets ORDER BY scope, name", {},
                     [&](const runner::Sqlite::Row& row) {
                       entries.push_back({scope_of_text(row.text(0)), row.text(1), row.integer(2),
                                          row.text(3), row.number(4)});
                     }));
  return entries;
}

base::Result<std::map<std::string, std::string>> SecretStore::secrets_for(const SecretScope& scope,
                                                                          std::string_view who,
                                                                          const ReferenceResolver& resolve) {
  TRY(const auto rows, rows_of(scopes_above(scope)));
  // Only what counts is opened: what an environment covers is not read.
  std::map<std::string, const Row*> counting;
  for (const auto& row : rows) counting[row.entry.name] = &row;
  std::map<std::string, std::string> secrets;
  for (const auto& [name, row] : counting) {
    TRY(write_down(row->entry, "read", who));
    const auto doing = fmt::format("reading the secret {} of {}", name, to_string(row->entry.scope));
    if (row->entry.reference.empty()) {
      TRY(secrets[name], unseal(row->sealed, purpose_of(row->entry), *master_).while_doing(doing));
    } else {
      TRY(secrets[name], resolve(row->entry.reference).while_doing(doing));
    }
  }
  return secrets;
}

base::Result<void> SecretStore::set_variable(const SecretScope& scope, std::string_view name,
                                             std::string_view value) {
  TRY(check_scope(scope));
  TRY(const auto checked, checked_name(name));
  if (value.size() > kLargestSecret)
    return base::invalid_input(fmt::format("a variable has {} at most", base::format_bytes(kLargestSecret)));
  TRY(database_.run(
      "keeping a variable",
      "INSERT INTO variables (scope, name, value) VALUES (?, ?, ?) ON CONFLICT (scope, name) DO "
      "UPDATE SET value = excluded.value",
      {key_of(scope), checked, std::string(value)}));
  return {};
}

base::Result<void> SecretStore::remove_variable(const SecretScope& scope, std::string_view name) {
  const auto upper = base::to_upper(name);
  TRY(const int removed,
      database_.run("removing a variable", "DELETE FROM variables WHERE scope = ? AND name = ?",
                    {key_of(scope), upper}));
  if (removed == 0) return no_such("variable", scope, upper);
  return {};
}

base::Result<std::vector<VariableEntry>> SecretStore::list_variables() {
  std::vector<VariableEntry> entries;
  TRY(database_.each("listing the variables", "SELECT scope, name, value FROM variables ORDER BY scope, name",
                     {}, [&](const runner::Sqlite::Row& row) {
                       entries.push_back({scope_of_text(row.text(0)), row.text(1), row.text(2)});
                     }));
  return entries;
}

base::Result<std::map<std::string, std::string>> SecretStore::variables_for(const SecretScope& scope) {
  std::map<std::string, std::string> variables;
  for (const auto& one : scopes_above(scope)) {
    TRY(database_.each("reading the variables", "SELECT name, value FROM variables WHERE scope = ?",
                       {key_of(one)},
                       [&](const runner::Sqlite::Row& row) { variables[row.text(0)] = row.text(1); }));
  }
  return variables;
}

base::Result<int> SecretStore::rewrap_all(const MasterKey& next, std::string_view who) {
  int count = 0;
  TRY(database_.together("taking another master key", [&]() -> base::Result<void> {
    TRY(const auto entries, list_secrets());
    std::vector<SecretScope> scopes;
    for (const auto& entry : entries) {
      if (scopes.empty() || scopes.back() != entry.scope) scopes.push_back(entry.scope);
    }
    TRY(const auto rows, rows_of(scopes));
    for (const auto& [entry, sealed] : rows) {
      TRY(const auto wrapped,
          rewrap(sealed, purpose_of(entry), *master_, next)
              .while_doing(fmt::format("rewrapping {} of {}", entry.name, to_string(entry.scope))));
      TRY(database_.run("rewrapping a secret",
                        "UPDATE secrets SET wrapped_key = ?, master = ? WHERE scope = ? AND name = ?",
                        {wrapped.wrapped_key, wrapped.master, key_of(entry.scope), entry.name}));
      TRY(write_down(entry, "rewrapped", who));
      ++count;
    }
    return {};
  }));
  master_ = &next;
  return count;
}

base::Result<std::vector<SecretAudit>> SecretStore::audit(int limit) {
  std::vector<SecretAudit> lines;
  TRY(database_.each(
      "reading who used the secrets",
      "SELECT at, who, what, scope, name, version FROM audit ORDER BY id DESC LIMIT ?", {std::int64_t{limit}},
      [&](const runner::Sqlite::Row& row) {
        lines.push_back({row.number(0), row.text(1), row.text(2), row.text(3), row.text(4), row.integer(5)});
      }));
  return lines;
}

}  // namespace server
