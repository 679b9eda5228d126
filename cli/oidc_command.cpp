// `pipeline oidc`: an issuer of ID tokens that AWS can check, without a server of ours that AWS could reach.
// Two static files say all that it needs to know.

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/oidc_documents.h"
#include "cli/oidc_sealing.h"
#include "runner/oidc_keys.h"

namespace cli {

namespace {

constexpr const char* kDiscoveryFile = ".well-known/openid-configuration";
constexpr const char* kKeysFile = ".well-known/jwks";

base::Result<std::string> checked_issuer(const OidcFlags& flags, const runner::OidcKeyring& keyring) {
  auto issuer = flags.issuer.empty() ? keyring.issuer : flags.issuer;
  while (issuer.ends_with('/')) issuer.pop_back();
  if (issuer.empty())
    return base::invalid_input("expected --issuer https://…, the address that the files will be read at");
  if (!issuer.starts_with("https://") || issuer.find_first_of("?#@") != std::string::npos) {
    return base::invalid_input(fmt::format(
        "--issuer: expected https://HOST[/PATH] without a query, as AWS asks for it, found '{}'", issuer));
  }
  if (!keyring.issuer.empty() && keyring.issuer != issuer) {
    return base::invalid_input(fmt::format(
        "the keys are those of {}; policies that trust it would not trust {}. Remove {} of the state "
        "folder to begin anew",
        keyring.issuer, issuer, "oidc/keys.json"));
  }
  return issuer;
}

/// The files in the folder, as they are to be served.
base::Result<void> write_site(const base::Path& folder, const runner::OidcKeyring& keyring) {
  TRY(const auto keys, runner::key_list(keyring.keys));
  TRY(base::make_directories(folder / ".well-known"));
  // Keys first: who reads the discovery document goes on to them.
  TRY(base::write_file(folder / kKeysFile, base::to_text(keys, 2) + "\n"));
  return base::write_file(
      folder / kDiscoveryFile,
      base::to_text(runner::discovery_document(keyring.issuer, keyring.issuer + "/" + kKeysFile), 2) + "\n");
}

void print_s3_commands(const base::Path& folder, std::string target) {
  while (target.ends_with('/')) target.pop_back();
  for (const char* file : {kKeysFile, kDiscoveryFile}) {
    fmt::print("aws s3 cp '{}' '{}/{}' --content-type application/json --cache-control max-age=300\n",
               (folder / file).string(), target, file);
  }
}

void tell_of_keys(const runner::OidcKeyring& keyring, double now) {
  const auto* signing = runner::signing_key(keyring.keys, now);
  for (const auto& key : keyring.keys) {
    const bool signs = signing != nullptr && key.id == signing->id;
    fmt::print(stderr, "key {} {}\n", key.id,
               signs ? "signs"
                     : (key.made > signing->made ? "follows, when the world knows it for a day"
                                                 : "has signed; tokens of it may still be around"));
  }
}

base::Result<void> publish(const CommonFlags& common, const OidcFlags& flags) {
  const double now = base::to_epoch_seconds(base::system_clock().now());
  TRY(auto keyring, runner::load_oidc_keyring(common.state_folder, oidc_sealing(common.state_folder)));
  TRY(keyring.issuer, checked_issuer(flags, keyring));
  TRY(keyring.keys, runner::rotate_keys(std::move(keyring.keys), now, runner::make_oidc_key));
  // A key that was not kept must not become known.
  TRY(runner::store_oidc_keyring(common.state_folder, keyring, oidc_sealing(common.state_folder)));
  const bool to_s3 = flags.target.starts_with("s3://");
  const auto folder = to_s3 ? runner::oidc_folder(common.state_folder) / "site" : base::Path(flags.target);
  TRY(write_site(folder, keyring));
  if (to_s3) {
    print_s3_commands(folder, flags.target);
    fmt::print(stderr, "after these: `pipeline oidc check`, which looks whether the world sees the keys\n");
  } else {
    for (auto& key : keyring.keys) {
      if (key.published == 0) key.published = now;
    }
    TRY(runner::store_oidc_keyring(common.state_folder, keyring, oidc_sealing(common.state_folder)));
    fmt::print("{}\n{}\n", (folder / kDiscoveryFile).string(), (folder / kKeysFile).string());
  }
  tell_of_keys(keyring, now);
  return {};
}

base::Result<base::Json> fetch_json(base::HttpClient& http, const std::string& url) {
  TRY(const auto answer, http.send({.url = url}));
  if (answer.status != 200)
    return base::make_error(base::ErrorKind::remote,
                            fmt::format("expected HTTP 200 of {}, found {}", url, answer.status));
  return base::parse_json(answer.body).while_doing("reading " + url);
}

/// What the world sees counts: keys that are there are published from now on, if they were not before.
base::Result<void> check_published(const CommonFlags& common) {
  const double now = base::to_epoch_seconds(base::system_clock().now());
  TRY(auto keyring, runner::load_oidc_keyring(common.state_folder, oidc_sealing(common.state_folder)));
  TRY(keyring.issuer, checked_issuer({}, keyring));
  const auto http = base::make_curl_http_client();
  TRY(const auto discovery, fetch_json(*http, keyring.issuer + "/" + kDiscoveryFile));
  if (base::json_string(discovery, "issuer") != keyring.issuer) {
    return base::make_error(
        base::ErrorKind::remote,
        fmt::format("expected {} to say that it is the issuer {}, found '{}'", kDiscoveryFile, keyring.issuer,
                    base::json_string(discovery, "issuer")));
  }
  TRY(const auto seen, fetch_json(*http, base::json_string(discovery, "jwks_uri")));
  TRY(const auto ours, runner::key_list(keyring.keys));
  std::string missing;
  for (std::size_t i = 0; i < keyring.keys.size(); ++i) {
    const auto& list = base::json_member(seen, "keys");
    const bool is_there =
        list.is_array() && std::find(list.begin(), list.end(), ours["keys"][i]) != list.end();
    if (is_there && keyring.keys[i].published == 0) keyring.keys[i].published = now;
    if (!is_there) missing += " " + keyring.keys[i].id;
  }
  TRY(runner::store_oidc_keyring(common.state_folder, keyring, oidc_sealing(common.state_folder)));
  tell_of_keys(keyring, now);
  if (missing.empty()) return {};
  return base::make_error(
      base::ErrorKind::remote,
      fmt::format("{} does not show{}; run `pipeline oidc publish` again", keyring.issuer, missing));
}

base::Result<void> print_aws_setup(const CommonFlags& common, const OidcFlags& flags) {
  TRY(const auto keyring, runner::load_oidc_keyring(common.state_folder, oidc_sealing(common.state_folder)));
  TRY(const auto issuer, checked_issuer(flags, keyring));
  TRY(const auto documents, aws_documents(issuer, flags));
  fmt::print("{}\n", base::to_text(documents, 2));
  return {};
}

}  // namespace

int oidc_command(const CommonFlags& common, const OidcFlags& flags) {
  const auto done = flags.verb == "publish" ? publish(common, flags)
                    : flags.verb == "check" ? check_published(common)
                                            : print_aws_setup(common, flags);
  return done ? kPassed : complain(done.error());
}

}  // namespace cli
