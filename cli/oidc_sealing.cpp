#include "cli/oidc_sealing.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "server/master_key.h"

namespace cli {

namespace {

base::Json sealed_key(const std::string& private_pem, const std::string& id,
                      const server::MasterKey& master) {
  const auto sealed = server::seal(private_pem, "oidc key " + id, master);
  return {{"wrapped_key", sealed.wrapped_key}, {"text", sealed.text}, {"master", sealed.master}};
}

}  // namespace

runner::OidcKeySealing oidc_sealing(const base::Path& state_folder) {
  return {.seal = [state_folder](const std::string& private_pem,
                                 const std::string& id) -> base::Result<base::Json> {
            TRY(const auto found, server::find_master_key(state_folder, server::MissingKey::is_made));
            if (found.made)
              base::log(
                  base::LogLevel::warning,
                  fmt::format("a master key was made: {}; keep a copy elsewhere, no secret opens without it",
                              found.where));
            return sealed_key(private_pem, id, found.key);
          },
          .open = [state_folder](const base::Json& json, const std::string& id) -> base::Result<std::string> {
            TRY(const auto found, server::find_master_key(state_folder, server::MissingKey::is_error));
            const server::SealedText sealed{base::json_string(json, "wrapped_key"),
                                            base::json_string(json, "text"),
                                            base::json_string(json, "master")};
            return server::unseal(sealed, "oidc key " + id, found.key);
          }};
}

base::Result<void> reseal_oidc_keys(const base::Path& state_folder, const server::MasterKey& next) {
  TRY(const auto keyring, runner::load_oidc_keyring(state_folder, oidc_sealing(state_folder)));
  if (keyring.keys.empty()) return {};
  return runner::store_oidc_keyring(
      state_folder, keyring,
      {.seal = [&next](const std::string& private_pem, const std::string& id) -> base::Result<base::Json> {
        return sealed_key(private_pem, id, next);
      }});
}

}  // namespace cli
