// `pipeline secret` and `pipeline variable`: what jobs of the build box get by name.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "base/clock.h"
#include "base/git.h"
#include "base/json.h"
#include "cli/ask_hidden.h"
#include "cli/commands.h"
#include "cli/oidc_sealing.h"
#include "cli/run_inputs.h"
#include "server/master_key.h"
#include "server/secret_store.h"

namespace cli {

namespace {

constexpr std::size_t kLargestValue = 64U << 10;

base::Result<server::SecretScope> scope_of(const ScopeFlags& flags) {
  if (!flags.organisation.empty()) return server::SecretScope{.owner = flags.organisation};
  auto repository = flags.repository;
  if (repository.empty()) {
    TRY(const auto state, base::read_repository(".").while_doing(
                              "looking for the repository; --repository OWNER/NAME names one"));
    repository = repository_name(state);
  }
  return server::scope_of_repository(repository, flags.environment);
}

/// Without the one newline that editors and `echo` put at the end.
std::string without_last_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

enum class Typing { hidden, refused };

base::Result<std::string> given_value(const std::string& file, const std::string& name, Typing typing) {
  if (!file.empty() && file != "-") {
    TRY(auto text, base::read_file(file, kLargestValue));
    return without_last_newline(std::move(text));
  }
  if (typing == Typing::hidden && file.empty() && can_ask()) return ask_hidden(name);
  std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  if (text.empty())
    return base::invalid_input(fmt::format("expected the value of {} on standard input or by --file", name));
  return without_last_newline(std::move(text));
}

std::string user_name() {
  const char* name = ::getlogin();
  return fmt::format("{} at the terminal", name == nullptr ? std::to_string(::getuid()) : name);
}

base::Result<void> list_secrets(server::SecretStore& store, const SecretVerbFlags& flags) {
  TRY(const auto entries, store.list_secrets());
  base::Json list = base::Json::array();
  for (const auto& entry : entries) {
    const auto scope = server::to_string(entry.scope);
    const auto updated = base::format_iso8601(base::from_epoch_seconds(entry.updated));
    list.push_back({{"scope", scope},
                    {"name", entry.name},
                    {"version", entry.version},
                    {"reference", entry.reference},
                    {"updated", updated}});
    if (!flags.json)
      fmt::print("{:<30} {:<30} v{:<4} {}  {}\n", scope, entry.name, entry.version, updated, entry.reference);
  }
  if (flags.json) fmt::print("{}\n", base::to_text(list, 2));
  return {};
}

base::Result<void> show_audit(server::SecretStore& store, const SecretVerbFlags& flags) {
  TRY(const auto lines, store.audit(flags.limit));
  base::Json list = base::Json::array();
  for (const auto& line : lines) {
    const auto at = base::format_iso8601(base::from_epoch_seconds(line.at));
    list.push_back({{"at", at},
                    {"who", line.who},
                    {"what", line.what},
                    {"scope", line.scope},
                    {"name", line.name},
                    {"version", line.version}});
    if (!flags.json)
      fmt::print("{}  {:<9} {}  {} v{} by {}\n", at, line.what, line.scope, line.name, line.version,
                 line.who);
  }
  if (flags.json) fmt::print("{}\n", base::to_text(list, 2));
  return {};
}

// Whatever ends this in between, what is under the new key opens with it, and that is still in the user's
// file.
base::Result<void> rotate(const CommonFlags& common, const server::FoundMasterKey& found,
                          server::SecretStore& store, const SecretVerbFlags& flags) {
  TRY(const auto next, server::read_master_key(flags.new_key_file));
  TRY(reseal_oidc_keys(common.state_folder, next));
  TRY(const int count, store.rewrap_all(next, user_name()));
  const auto file = server::master_key_file(common.state_folder);
  if (found.where == file.string()) {
    TRY(server::store_master_key(common.state_folder, next));
    fmt::print("{} secrets are under the new key, which is in {} now\n", count, file.string());
  } else {
    fmt::print("{} secrets are under the new key; put it in the place of {} before anything reads them\n",
               count, found.where);
  }
  return {};
}

base::Result<void> set_secret(server::SecretStore& store, const SecretVerbFlags& flags) {
  TRY(const auto scope, scope_of(flags.scope));
  if (!flags.reference.empty()) return store.refer_to(scope, flags.name, flags.reference, user_name());
  TRY(auto value, given_value(flags.file, flags.name, Typing::hidden));
  auto done = store.set_secret(scope, flags.name, value, user_name());
  server::forget(value);
  return done;
}

base::Result<void> carry_out(const CommonFlags& common, const SecretVerbFlags& flags) {
  const auto missing = flags.verb == "set" ? server::MissingKey::is_made : server::MissingKey::is_error;
  TRY(const auto found, server::find_master_key(common.state_folder, missing));
  if (found.made)
    fmt::print(stderr, "a master key was made: {}; keep a copy elsewhere, no secret opens without it\n",
               found.where);
  TRY(auto store, server::SecretStore::open(common.state_folder, found.key));
  if (flags.verb == "set") return set_secret(store, flags);
  if (flags.verb == "list") return list_secrets(store, flags);
  if (flags.verb == "audit") return show_audit(store, flags);
  if (flags.verb == "rotate") return rotate(common, found, store, flags);
  TRY(const auto scope, scope_of(flags.scope));
  return store.remove_secret(scope, flags.name, user_name());
}

base::Result<void> carry_out(const CommonFlags& common, const VariableFlags& flags) {
  const auto no_key = server::MasterKey::generate();  // variables are not sealed
  TRY(auto store, server::SecretStore::open(common.state_folder, no_key));
  if (flags.verb == "list") {
    TRY(const auto entries, store.list_variables());
    base::Json list = base::Json::array();
    for (const auto& entry : entries) {
      const auto scope = server::to_string(entry.scope);
      list.push_back({{"scope", scope}, {"name", entry.name}, {"value", entry.value}});
      if (!flags.json) fmt::print("{:<30} {:<30} {}\n", scope, entry.name, entry.value);
    }
    if (flags.json) fmt::print("{}\n", base::to_text(list, 2));
    return {};
  }
  TRY(const auto scope, scope_of(flags.scope));
  if (flags.verb == "remove") return store.remove_variable(scope, flags.name);
  TRY(const auto value, given_value(flags.file, flags.name, Typing::refused));
  return store.set_variable(scope, flags.name, value);
}

}  // namespace

int secret_command(const CommonFlags& common, const SecretVerbFlags& flags) {
  const auto done = carry_out(common, flags);
  return done ? kPassed : complain(done.error());
}

int variable_command(const CommonFlags& common, const VariableFlags& flags) {
  const auto done = carry_out(common, flags);
  return done ? kPassed : complain(done.error());
}

}  // namespace cli
