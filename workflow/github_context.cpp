#include "workflow/github_context.h"

#include <fmt/format.h>

#include <utility>

namespace workflow {

using expression::Object;
using expression::Value;

namespace {

void replace(std::string& known, const Value& said) {
  if (said.is_null() || said.is_object() || said.is_array()) return;
  if (auto text = said.to_text(); !text.empty()) known = std::move(text);
}

std::string host_of(const std::string& server) {
  const auto scheme = server.find("://");
  return scheme == std::string::npos ? server : server.substr(scheme + 3);
}

// "https://github.com" of the page of the repository, which ends with its name.
void replace_server(std::string& server, const std::string& page, const std::string& repository) {
  const auto scheme = page.find("://");
  const auto end = "/" + repository;
  if (scheme == std::string::npos || repository.empty() || !page.ends_with(end)) return;
  server = page.substr(0, page.size() - end.size());
  if (host_of(server) == "github.com") server = "https://github.com";  // old payloads name it without the s
}

bool is_public_server(const std::string& server) {
  return server == "https://github.com";
}

// docs "REST API": on a server of one's own the interfaces are below /api.
std::string api_url(const std::string& server) {
  return is_public_server(server) ? "https://api.github.com" : server + "/api/v3";
}

std::string graphql_url(const std::string& server) {
  return is_public_server(server) ? "https://api.github.com/graphql" : server + "/api/graphql";
}

std::string ref_type(const std::string& ref) {
  if (ref.empty()) return "";
  return ref.starts_with("refs/tags/") ? "tag" : "branch";
}

}  // namespace

EventOrigin origin_of(const Value& payload, EventOrigin known) {
  const auto repository = payload.get("repository");
  const auto sender = payload.get("sender");
  replace(known.repository, repository.get("full_name"));
  replace(known.repository_id, repository.get("id"));
  known.repository_owner = known.repository.substr(0, known.repository.find('/'));
  replace(known.repository_owner, repository.get("owner").get("login"));
  replace(known.repository_owner_id, repository.get("owner").get("id"));
  replace(known.repository_url, repository.get("git_url"));
  replace(known.actor, sender.get("login"));
  replace(known.actor_id, sender.get("id"));
  replace_server(known.server_url, repository.get("html_url").to_text(), known.repository);
  return known;
}

std::string short_ref_name(const std::string& ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/pull/"}) {
    if (ref.starts_with(prefix)) return ref.substr(prefix.size());
  }
  return ref;
}

Value github_context(const Event& event, const EventOrigin& origin, const RunIdentity& run) {
  const std::pair<std::string_view, std::string> texts[] = {
      {"actor", origin.actor},
      {"actor_id", origin.actor_id},
      {"triggering_actor", run.triggering_actor.empty() ? origin.actor : run.triggering_actor},
      {"api_url", api_url(origin.server_url)},
      {"graphql_url", graphql_url(origin.server_url)},
      {"server_url", origin.server_url},
      {"base_ref", event.base_ref},
      {"head_ref", event.head_ref},
      {"event_name", event.name},
      {"ref", event.ref},
      {"ref_name", short_ref_name(event.ref)},
      {"ref_type", ref_type(event.ref)},
      {"repository", origin.repository},
      {"repository_id", origin.repository_id},
      {"repository_owner", origin.repository_owner},
      {"repository_owner_id", origin.repository_owner_id},
      {"repositoryUrl", origin.repository_url.empty()
                            ? fmt::format("git://{}/{}.git", host_of(origin.server_url), origin.repository)
                            : origin.repository_url},
      {"retention_days", "90"},
      {"run_id", std::to_string(run.run_id)},
      {"run_number", std::to_string(run.run_number)},
      {"run_attempt", std::to_string(run.run_attempt)},
      {"secret_source", "Actions"},
      {"sha", event.sha},
      {"token", run.token},
      {"workflow", run.workflow_name.empty() ? run.workflow_path : run.workflow_name},
      {"workflow_ref", fmt::format("{}/{}@{}", origin.repository, run.workflow_path, event.ref)},
      {"workflow_sha", run.workflow_sha.empty() ? event.sha : run.workflow_sha},
  };
  Object github;
  for (const auto& [name, text] : texts) github.set(name, Value(text));
  github.set("ref_protected", Value(false));
  github.set("event", event.payload);
  return Value(std::move(github));
}

}  // namespace workflow
