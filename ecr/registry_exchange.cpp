#include "ecr/registry_exchange.h"

#include <fmt/format.h>

#include "base/glob.h"
#include "ecr/registry_auth.h"
#include "ecr/registry_errors.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::HttpRequest;
using base::HttpResponse;
using base::make_error;
using base::Result;

constexpr int kMostRegistryRedirects = 5;
constexpr const char* kCertificateFolders[] = {"/etc/containers/certs.d", "/etc/docker/certs.d"};

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.starts_with("localhost:") || host.starts_with("127.") ||
         host.starts_with("[::1]");
}

/// scheme://host[:port] of a URL.
std::string_view origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

std::string host_of_url(std::string_view url) {
  const auto origin = origin_of(url);
  const auto scheme = origin.find("://");
  return std::string(scheme == std::string_view::npos ? origin : origin.substr(scheme + 3));
}

base::TlsOptions tls_for(const RegistryOptions& options, const std::string& host) {
  const auto* settings = options.config.find(host);
  base::TlsOptions tls = settings == nullptr ? base::TlsOptions() : settings->tls;
  if (!tls.ca_file.empty() || !tls.certificate_file.empty()) return tls;
  auto found = certificates_for(host, {std::begin(kCertificateFolders), std::end(kCertificateFolders)});
  found.verify = tls.verify;
  return found;
}

}  // namespace

std::string registry_base_url(const RegistryOptions& options, const std::string& host) {
  for (const auto& [pattern, address] : options.endpoints) {
    if (pattern != host && !base::glob_matches(pattern, host)) continue;
    std::string url = address;
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  const auto* settings = options.config.find(host);
  const bool insecure = is_loopback(host) ? settings == nullptr || settings->tls == base::TlsOptions()
                                          : settings != nullptr && settings->insecure;
  if (host == "docker.io" && !insecure) return "https://registry-1.docker.io";
  return (insecure ? "http://" : "https://") + host;
}

RegistryExchange::RegistryExchange(const RegistryOptions& options, const ImageReference& target,
                                   Access access, std::string base_url)
    : options_(options),
      target_(target),
      access_(access),
      base_url_(std::move(base_url)),
      tls_(tls_for(options, base_url_ == registry_base_url(options, target.host) ? target.host
                                                                                 : host_of_url(base_url_))) {}

std::string RegistryExchange::route(std::string_view rest) const {
  return fmt::format("{}/v2/{}/{}", base_url_, target_.repository, rest);
}

std::string RegistryExchange::located(const std::string& location, std::string_view asked) const {
  if (location.starts_with("/")) return std::string(origin_of(asked)) + location;
  if (location.find("://") == std::string::npos) return std::string(origin_of(asked)) + "/" + location;
  const std::string public_origin = "https://" + target_.host;
  if (origin_of(location) == public_origin && options_.endpoints.contains(target_.host))
    return base_url_ + location.substr(public_origin.size());
  return location;
}

// Gets what answers a challenge; false when there is nothing to answer with. Of several threads that are
// challenged at once the first one asks, the others take what it got.
Result<bool> RegistryExchange::answer(const std::string& challenge, const std::string& used) {
  const std::lock_guard lock(mutex_);
  if (authorization_ != used) return true;
  if (options_.find_credentials && !options_.credentials.contains(target_.host)) {
    TRY(auto found, options_.find_credentials(target_.host));
    if (found) options_.credentials[target_.host] = std::move(*found);
    options_.find_credentials = nullptr;
  }
  const AuthRequest request{
      .options = options_, .target = target_, .access = access_, .registry = base_url_, .tls = tls_};
  TRY(authorization_, answer_challenge(parse_challenge(challenge), request));
  return !authorization_.empty();
}

Result<HttpResponse> RegistryExchange::send(HttpRequest request, Attempt& attempt) {
  request.stop = options_.stop;
  bool challenged = false;
  for (int hop = 0; hop <= kMostRegistryRedirects;) {
    HttpRequest copy = request;
    // Never to another host: a redirect to a bucket carries its own signature.
    const bool ours = origin_of(request.url) == origin_of(base_url_);
    std::string used;
    if (ours) {
      copy.tls = tls_;
      const std::lock_guard lock(mutex_);
      used = authorization_;
    }
    if (!used.empty()) copy.headers.emplace("Authorization", used);
    TRY(auto response, options_.http->send(copy));
    const auto challenge = base::header_value(response.headers, "WWW-Authenticate");
    if (response.status == 401 && ours && challenge && !challenged) {
      challenged = true;
      TRY(const bool answered, answer(*challenge, used));
      if (!answered) return response;
      if (!request.body_source) continue;
      attempt.again_at_once = true;
      return make_error(ErrorKind::unavailable, "the registry asked for a new token during an upload");
    }
    const auto location = base::header_value(response.headers, "Location");
    const bool redirected =
        response.status >= 301 && response.status <= 308 && response.status != 304 && location;
    if (!redirected || (request.method != "GET" && request.method != "HEAD")) return response;
    request.url = located(*location, request.url);
    ++hop;
  }
  return make_error(ErrorKind::remote,
                    fmt::format("{} redirects more than {} times",
                                request.url.substr(0, request.url.find('?')), kMostRegistryRedirects));
}

base::Error RegistryExchange::failed(std::string_view doing, const HttpResponse& response,
                                     Attempt& attempt) const {
  if (base::header_value(response.headers, "Retry-After")) attempt.wait = time_before_retry(1, &response);
  return registry_error(fmt::format("{} ({})", doing, target_.name()), response);
}

Result<void> RegistryExchange::wait(int failures, const Attempt& attempt) const {
  base::Clock& clock = options_.clock != nullptr ? *options_.clock : base::system_clock();
  const auto time = attempt.wait.value_or(time_before_retry(failures, nullptr));
  if (clock.sleep_for(time, options_.stop)) return {};
  return make_error(ErrorKind::cancelled, "cancelled while waiting to try again");
}

}  // namespace ecr
