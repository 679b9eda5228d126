#include "base/json.h"
#include "server/api.h"
#include "server/api_answer.h"
#include "server/secret_store.h"

namespace server {

namespace {

using base::Json;

// Names alone need no key, so none is looked for.
base::Result<Json> list_names(const base::Path& state_folder) {
  const auto no_key = MasterKey::generate();
  TRY(auto store, SecretStore::open(state_folder, no_key));
  TRY(const auto secrets, store.list_secrets());
  TRY(const auto variables, store.list_variables());
  Json answer = {{"secrets", Json::array()}, {"variables", Json::array()}};
  for (const auto& one : secrets) {
    answer["secrets"].push_back(
        {{"scope", to_string(one.scope)},
         {"name", one.name},
         {"version", one.version},
         {"updated_at", base::format_iso8601(base::from_epoch_seconds(one.updated))}});
  }
  for (const auto& one : variables)
    answer["variables"].push_back(
        {{"scope", to_string(one.scope)}, {"name", one.name}, {"value", one.value}});
  return answer;
}

}  // namespace

void add_secret_api(Routes& routes, const ApiParts& parts) {
  add_answer(routes, "GET", "/api/secrets",
             [folder = parts.state_folder](const Call&) { return list_names(folder); });
}

}  // namespace server
