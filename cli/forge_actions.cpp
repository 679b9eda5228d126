#include "cli/forge_actions.h"

#include <fmt/format.h>

#include "base/json.h"
#include "runner/action_store.h"
#include "server/gitea_words.h"

namespace cli {

namespace {

using base::Result;

/// Goes over the steps of a job.
class AddressReader {
 public:
  AddressReader(const std::string& default_server, const std::string& instance)
      : default_(default_server), known_{default_server, instance} {}

  Result<void> read(std::vector<workflow::Step>& steps) {
    for (auto& step : steps) {
      TRY(read(step.parallel));
      if (step.uses) TRY(read(*step.uses));
    }
    return {};
  }

  ActionServers servers;

 private:
  Result<void> read(workflow::Text& uses) {
    auto address = server::take_address_apart(uses.text, known_);
    const auto written = uses.text;
    if (address) uses.text = address->uses;
    const auto reference = workflow::parse_repository_reference(uses.text);
    if (address && !reference) {
      return base::invalid_input(
          fmt::format("'{}' names no action: expected https://HOST/OWNER/NAME[/PATH]@REF", written));
    }
    if (!reference) return {};
    const auto key = runner::action_key(*reference);
    const auto server = address ? address->server : default_;
    const auto [known, is_new] = all_.emplace(key, server);
    if (known->second != server) {
      return base::invalid_input(fmt::format(
          "{} is meant to be on {} and on {}: one job takes it from one server", key, known->second, server));
    }
    if (server != default_) servers.emplace(key, server);
    return {};
  }

  std::string default_;
  std::vector<std::string> known_;
  std::map<std::string, std::string> all_;
};

}  // namespace

std::string actions_server(const server::ForgeTask& task, const std::string& instance) {
  auto server = base::json_string(task.context, "gitea_default_actions_url");
  while (server.ends_with('/')) server.pop_back();
  return server.empty() ? instance : server;
}

Result<ActionServers> take_addresses_apart(workflow::Job& job, const std::string& default_server,
                                           const std::string& instance) {
  AddressReader reader(default_server, instance);
  TRY(reader.read(job.steps));
  return std::move(reader.servers);
}

}  // namespace cli
