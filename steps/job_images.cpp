#include "steps/job_images.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/glob.h"
#include "base/strings.h"
#include "ecr/docker_config.h"
#include "ecr/pull.h"
#include "steps/registry_logins.h"

namespace steps {
namespace {

constexpr int kTries = 3;
constexpr int kShortestPause = 1;  // seconds; the runner waits 1 to 10 of them between its tries
constexpr int kLongestPause = 10;

std::chrono::seconds pause_before_next_try() {
  const auto random = static_cast<unsigned char>(base::random_bytes(1)[0]);
  return std::chrono::seconds(kShortestPause + random % (kLongestPause - kShortestPause + 1));
}

/// `host` or `host:port`; empty: the job's policy has nothing against it.
std::string why_no_connection_to(const JobServices& services, std::string host) {
  if (!services.why_no_connection) return "";
  std::uint16_t port = 443;
  if (const auto colon = host.rfind(':'); colon != std::string::npos) {
    port = static_cast<std::uint16_t>(base::parse_integer(host.substr(colon + 1)).value_or(0));
    host.resize(colon);
  }
  return services.why_no_connection(host, port);
}

std::string host_of_url(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

/// What another try would find just as it is.
bool is_final(const base::Error& error) {
  using base::ErrorKind;
  return error.kind == ErrorKind::not_found || error.kind == ErrorKind::denied ||
         error.kind == ErrorKind::invalid_input || error.kind == ErrorKind::cancelled;
}

base::Result<ecr::Descriptor> pull(const ecr::ImageReference& reference, const ImageRequest& request,
                                   JobServices& services) {
  ecr::PullOptions options;
  TRY(options.registry, registry_options(services, request.stop));
  if (request.login)
    options.registry.credentials[reference.host] = {request.login->username, request.login->password};
  options.progress = [&request](const std::string& line) {
    if (request.say) request.say(line);
  };
  base::Clock& clock = services.clock == nullptr ? base::system_clock() : *services.clock;
  for (int attempt = 1;; ++attempt) {
    auto pulled = ecr::pull(reference, *services.images, options);
    if (pulled || attempt == kTries || is_final(pulled.error()) || request.stop.stop_requested())
      return pulled;
    const auto pause = pause_before_next_try();
    if (request.say) {
      request.say(fmt::format("{}; trying again in {} seconds ({} of {})", pulled.error().to_string(),
                              pause.count(), attempt + 1, kTries));
    }
    if (!clock.sleep_for(pause, request.stop)) return pulled;
  }
}

}  // namespace

base::Result<ecr::RegistryOptions> registry_options(JobServices& services, const std::stop_token& stop) {
  ecr::RegistryOptions options;
  options.http = services.http;
  TRY(options.config, ecr::load_registries_config(ecr::user_environment()));
  for (auto& [host, settings] : options.config.registries) {
    std::erase_if(settings.mirrors, [&](const std::string& mirror) {
      return !why_no_connection_to(services, host_of_url(mirror)).empty();
    });
  }
  for (const auto& [host, address] : services.registry_endpoints) {
    options.endpoints[host] = address.find("://") == std::string::npos ? "http://" + address : address;
  }
  for (const auto& [registry, login] : all_logins(services)) {
    options.credentials[registry] = {login.username, login.password};
  }
  options.stop = stop;
  return options;
}

base::Result<void> check_registry(const JobServices& services, const ecr::ImageReference& reference) {
  for (const auto& [pattern, address] : services.registry_endpoints) {
    if (base::glob_matches(pattern, reference.host)) return {};  // the runner's own emulator
  }
  if (const auto why = why_no_connection_to(services, reference.host); !why.empty())
    return base::make_error(base::ErrorKind::denied, why);
  return {};
}

std::optional<RegistryLogin> login_of_token(const std::string& image,
                                            const workflow::expression::Value& github) {
  const auto reference = ecr::parse_image_reference(image);
  if (!reference || (reference->host != "ghcr.io" && reference->host != "containers.pkg.github.com"))
    return std::nullopt;
  const auto token = github.get("token").to_text();
  if (token.empty()) return std::nullopt;
  return RegistryLogin{github.get("actor").to_text(), token};
}

base::Result<ecr::Image> obtain_image(const ImageRequest& request, JobServices& services) {
  if (services.images == nullptr)
    return base::make_error(base::ErrorKind::internal, "this run has no image store");
  TRY(const auto reference, ecr::parse_image_reference(request.image));
  const auto stored = services.images->resolve(reference.to_string());
  if (stored && request.policy != PullPolicy::always) {
    if (request.say) request.say(fmt::format("{} is in the local store", reference.to_string()));
    return services.images->image(*stored);
  }
  if (request.policy == PullPolicy::never) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("the image {} is not in the local store, and --pull never forbids "
                                        "to fetch it",
                                        reference.to_string()));
  }
  TRY(check_registry(services, reference).while_doing("pulling " + reference.to_string()));
  TRY(const auto pulled, pull(reference, request, services));
  return services.images->image(pulled);
}

}  // namespace steps
