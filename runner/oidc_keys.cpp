#include "runner/oidc_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace runner {

namespace {

constexpr std::size_t kLargestKeyFile = 1U << 20;

base::Path keys_file(const base::Path& state_folder) {
  return oidc_folder(state_folder) / "keys.json";
}

bool is_known_by_now(const OidcKey& key, double now, const OidcKeyTimes& times) {
  return key.published > 0 && key.published + times.notice <= now;
}

}  // namespace

base::Path oidc_folder(const base::Path& state_folder) {
  return state_folder / "oidc";
}

std::string thumbprint(const base::RsaKey& key) {
  // Members in the order of their names, without spaces (RFC 7638, section 3.2).
  const auto digest =
      base::sha256(fmt::format(R"({{"e":"{}","kty":"RSA","n":"{}"}})", key.jwk_e(), key.jwk_n()));
  return base::base64url_encode(base::as_text(digest));
}

base::Json public_key(const base::RsaKey& key, const std::string& id) {
  return {{"kty", "RSA"}, {"alg", "RS256"},   {"use", "sig"},
          {"kid", id},    {"n", key.jwk_n()}, {"e", key.jwk_e()}};
}

base::Result<base::Json> key_list(const std::vector<OidcKey>& keys) {
  base::Json list = base::Json::array();
  for (const auto& key : keys) {
    TRY(const auto rsa, base::RsaKey::from_private_pem(key.private_pem));
    list.push_back(public_key(rsa, key.id));
  }
  return base::Json{{"keys", std::move(list)}};
}

base::Json discovery_document(const std::string& issuer, const std::string& keys_url) {
  return {{"issuer", issuer},
          {"jwks_uri", keys_url},
          {"subject_types_supported", {"public", "pairwise"}},
          {"response_types_supported", {"id_token"}},
          {"claims_supported", {"sub", "aud", "exp", "iat", "iss", "jti", "nbf", "ref", "sha", "repository"}},
          {"id_token_signing_alg_values_supported", {"RS256"}},
          {"scopes_supported", {"openid"}}};
}

const OidcKey* signing_key(const std::vector<OidcKey>& keys, double now, const OidcKeyTimes& times) {
  const OidcKey* newest = nullptr;
  for (const auto& key : keys) {
    if (is_known_by_now(key, now, times) && (newest == nullptr || key.published > newest->published))
      newest = &key;
  }
  if (newest != nullptr || keys.empty()) return newest;
  // The first key is followed by no other: whoever sees its tokens has never kept a list without it.
  return &*std::min_element(keys.begin(), keys.end(),
                            [](const auto& a, const auto& b) { return a.made < b.made; });
}

base::Result<std::vector<OidcKey>> rotate_keys(std::vector<OidcKey> keys, double now, MakeOidcKey make,
                                               const OidcKeyTimes& times) {
  const auto* signing = signing_key(keys, now, times);
  if (signing == nullptr) {
    TRY(auto first, make(now));
    keys.push_back(std::move(first));
    return keys;
  }
  const auto current = *signing;
  // An older one has not signed since this one could.
  const bool others_are_over = current.published > 0 && current.published + 2 * times.notice <= now;
  std::erase_if(keys, [&](const OidcKey& key) { return others_are_over && key.made < current.made; });
  const bool has_next =
      std::any_of(keys.begin(), keys.end(), [&](const OidcKey& key) { return key.made > current.made; });
  if (!has_next && current.made + times.lifetime <= now) {
    TRY(auto next, make(now));
    keys.push_back(std::move(next));
  }
  return keys;
}

base::Result<OidcKey> make_oidc_key(double now) {
  TRY(const auto key, base::RsaKey::generate());
  TRY(auto pem, key.private_pem());
  return OidcKey{.id = thumbprint(key), .private_pem = std::move(pem), .made = now};
}

base::Result<OidcKeyring> load_oidc_keyring(const base::Path& state_folder, const OidcKeySealing& sealing) {
  const auto file = keys_file(state_folder);
  OidcKeyring keyring;
  if (!base::exists(file)) return keyring;
  TRY(const auto text, base::read_file(file, kLargestKeyFile));
  TRY(const auto json, base::parse_json(text).while_doing("reading " + file.string()));
  keyring.issuer = base::json_string(json, "issuer");
  const auto& list = base::json_member(json, "keys");
  for (const auto& entry : list.is_array() ? list : base::Json::array()) {
    OidcKey key{.id = base::json_string(entry, "id"),
                .private_pem = base::json_string(entry, "private_pem"),
                .made = base::json_number(entry, "made"),
                .published = base::json_number(entry, "published")};
    if (entry.contains("sealed")) {
      TRY(key.private_pem, sealing.open(entry["sealed"], key.id)
                               .while_doing(fmt::format("opening the keys of {}", file.string())));
    }
    if (key.id.empty() || key.private_pem.empty())
      return base::invalid_input(
          fmt::format("{}: expected keys with id and sealed, found one without", file.string()));
    keyring.keys.push_back(std::move(key));
  }
  return keyring;
}

base::Result<void> store_oidc_keyring(const base::Path& state_folder, const OidcKeyring& keyring,
                                      const OidcKeySealing& sealing) {
  base::Json list = base::Json::array();
  for (const auto& key : keyring.keys) {
    TRY(auto sealed, sealing.seal(key.private_pem, key.id));
    list.push_back(
        {{"id", key.id}, {"sealed", std::move(sealed)}, {"made", key.made}, {"published", key.published}});
  }
  const auto file = keys_file(state_folder);
  TRY(base::make_directories(file.parent_path(), 0700));
  return base::write_file(
             file, base::to_text({{"issuer", keyring.issuer}, {"keys", std::move(list)}}, 2) + "\n", 0600)
      .while_doing("keeping the keys of the OIDC issuer");
}

}  // namespace runner
