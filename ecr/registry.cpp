#include "ecr/registry.h"

#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/glob.h"
#include "base/strings.h"
#include "ecr/image_store.h"
#include "ecr/registry_auth.h"
#include "ecr/registry_errors.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::HttpRequest;
using base::HttpResponse;
using base::make_error;
using base::Result;

constexpr int kMostRedirects = 5;
constexpr std::uint64_t kSlowestBytesPerSecond = 64 * 1024;
constexpr const char* kAcceptManifests =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json";

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

std::chrono::milliseconds time_for(std::uint64_t bytes) {
  return std::chrono::seconds(120 + static_cast<std::int64_t>(bytes / kSlowestBytesPerSecond));
}

}  // namespace

std::string registry_base_url(const RegistryOptions& options, const std::string& host) {
  for (const auto& [pattern, address] : options.endpoints) {
    if (pattern != host && !base::glob_matches(pattern, host)) continue;
    std::string url = address;
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  if (host == "docker.io") return "https://registry-1.docker.io";
  return (is_loopback(host) ? "http://" : "https://") + host;
}

struct RegistryClient::State {
  RegistryOptions options;
  ImageReference target;
  std::string base_url;
  std::string authorization;

  [[nodiscard]] std::string route(std::string_view rest) const {
    return fmt::format("{}/v2/{}/{}", base_url, target.repository, rest);
  }

  // The Location of an answer as a URL that we can reach: it may be relative, or name the host that an
  // endpoint stands in for.
  [[nodiscard]] std::string located(const std::string& location, std::string_view asked) const {
    if (location.starts_with("/")) return std::string(origin_of(asked)) + location;
    if (location.find("://") == std::string::npos) return std::string(origin_of(asked)) + "/" + location;
    const std::string public_origin = "https://" + target.host;
    if (origin_of(location) == public_origin && options.endpoints.contains(target.host)) {
      return base_url + location.substr(public_origin.size());
    }
    return location;
  }

  // One exchange: authorization, one answer to a challenge, redirects of reads.
  Result<HttpResponse> exchange(HttpRequest request) {
    request.stop = options.stop;
    bool challenged = false;
    for (int hop = 0; hop <= kMostRedirects;) {
      HttpRequest attempt = request;
      // Never to another host: a redirect to a bucket carries its own signature.
      const bool ours = origin_of(request.url) == origin_of(base_url);
      if (!authorization.empty() && ours) attempt.headers.emplace("Authorization", authorization);
      TRY(auto response, options.http->send(attempt));
      const auto challenge = base::header_value(response.headers, "WWW-Authenticate");
      if (response.status == 401 && ours && challenge && !challenged) {
        challenged = true;
        TRY(authorization, answer_challenge(parse_challenge(*challenge), options, target, base_url));
        if (authorization.empty() || request.body_source) return response;
        continue;
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
                                  request.url.substr(0, request.url.find('?')), kMostRedirects));
  }

  // Repeats what `once` does while its fault is one that passes.
  template <typename Function>
  auto with_retries(Function once) -> decltype(once()) {
    base::Clock& clock = options.clock != nullptr ? *options.clock : base::system_clock();
    for (int attempt = 1;; ++attempt) {
      last_wait = std::nullopt;
      auto result = once();
      if (result || result.error().kind != ErrorKind::unavailable || attempt >= options.attempts)
        return result;
      const auto wait = last_wait.value_or(time_before_retry(attempt, nullptr));
      if (!clock.sleep_for(wait, options.stop))
        return make_error(ErrorKind::cancelled, "cancelled while waiting to try again");
    }
  }

  base::Error failed(std::string_view doing, const HttpResponse& response) {
    if (base::header_value(response.headers, "Retry-After")) last_wait = time_before_retry(1, &response);
    return registry_error(fmt::format("{} ({})", doing, target.name()), response);
  }

  Result<std::string> start_upload();
  std::optional<std::chrono::milliseconds> last_wait;
};

RegistryClient::RegistryClient(const RegistryOptions& options, const ImageReference& target)
    : state_(std::make_unique<State>(State{
          .options = options, .target = target, .base_url = registry_base_url(options, target.host)})) {}
RegistryClient::RegistryClient(RegistryClient&&) noexcept = default;
RegistryClient::~RegistryClient() = default;

Result<void> RegistryClient::ping() {
  return state_->with_retries([this]() -> Result<void> {
    TRY(const auto response, state_->exchange({.method = "GET", .url = state_->base_url + "/v2/"}));
    if (response.status == 200) return {};
    return state_->failed("asking for /v2/", response);
  });
}

Result<bool> RegistryClient::has_blob(const Digest& digest) {
  return state_->with_retries([&]() -> Result<bool> {
    TRY(const auto response,
        state_->exchange({.method = "HEAD", .url = state_->route("blobs/" + digest.to_string())}));
    if (response.status == 200) return true;
    if (response.status == 404) return false;
    return state_->failed("asking for blob " + digest.to_string(), response);
  });
}

Result<void> RegistryClient::fetch_blob(const Descriptor& blob, ImageStore& store) {
  return state_->with_retries([&]() -> Result<void> {
    TRY(auto writer, store.start_blob());
    std::optional<base::Error> failure;
    HttpRequest request{.method = "GET", .url = state_->route("blobs/" + blob.digest.to_string())};
    request.timeout = time_for(blob.size);
    request.body_sink = [&](std::string_view chunk) {
      if (writer.size() + chunk.size() > blob.size) {
        failure = make_error(ErrorKind::invalid_input,
                             fmt::format("blob {} is longer than the {} bytes that its manifest says",
                                         blob.digest.to_string(), blob.size));
      } else if (auto written = writer.write(chunk); !written) {
        failure = std::move(written).error();
      }
      return !failure;
    };
    auto response = state_->exchange(std::move(request));
    if (failure) return *failure;
    if (!response) return std::move(response).error();
    if (response->status != 200) return state_->failed("fetching blob " + blob.digest.to_string(), *response);
    // A short body is a broken transfer; a wrong one of the right length is not.
    if (writer.size() < blob.size) {
      return make_error(ErrorKind::unavailable,
                        fmt::format("blob {} ended after {} of {} bytes", blob.digest.to_string(),
                                    writer.size(), blob.size));
    }
    return writer.commit(blob.digest);
  });
}

Result<bool> RegistryClient::mount_blob(const Digest& digest, const std::string& from_repository) {
  HttpRequest request{.method = "POST"};
  request.url =
      state_->route(fmt::format("blobs/uploads/?mount={}&from={}", base::percent_encode(digest.to_string()),
                                base::percent_encode(from_repository, "/")));
  TRY(const auto response, state_->exchange(std::move(request)));
  if (response.status == 201) return true;
  if (response.status == 202) return false;  // an upload was opened instead; it is left to time out
  return state_->failed("mounting blob " + digest.to_string(), response);
}

Result<std::string> RegistryClient::State::start_upload() {
  const std::string url = route("blobs/uploads/");
  TRY(const auto response, exchange({.method = "POST", .url = url}));
  const auto location = base::header_value(response.headers, "Location");
  if (response.status != 202 && response.status != 201) return failed("starting an upload", response);
  if (!location)
    return make_error(ErrorKind::remote,
                      "the registry " + target.host + " started an upload but did not say where");
  return located(*location, url);
}

Result<void> RegistryClient::upload_blob(const Descriptor& blob, const ImageStore& store) {
  return state_->with_retries([&]() -> Result<void> {
    TRY(const auto fd, store.open_blob(blob.digest));
    TRY(std::string url, state_->start_upload());
    url += (url.find('?') == std::string::npos ? "?" : "&") + std::string("digest=") +
           base::percent_encode(blob.digest.to_string());
    HttpRequest request{.method = "PUT", .url = std::move(url)};
    request.headers.emplace("Content-Type", "application/octet-stream");
    request.timeout = time_for(blob.size);
    if (blob.size > 0) {
      request.body_size = blob.size;
      request.body_source = [&fd](char* buffer, std::size_t size) -> Result<std::size_t> {
        const ssize_t count = ::read(fd.get(), buffer, size);
        if (count < 0) return base::system_error("reading the blob", errno);
        return static_cast<std::size_t>(count);
      };
    }
    TRY(const auto response, state_->exchange(std::move(request)));
    if (response.status == 201 || response.status == 204 || response.status == 202) return {};
    auto error = state_->failed("uploading blob " + blob.digest.to_string(), response);
    // The upload is gone (a restart of the registry, a lost session): a new one may go through.
    if (error.code == "BLOB_UPLOAD_UNKNOWN" || error.code == "BLOB_UPLOAD_INVALID")
      error.kind = ErrorKind::unavailable;
    return error;
  });
}

Result<FetchedManifest> RegistryClient::fetch_manifest(const std::string& key) {
  return state_->with_retries([&]() -> Result<FetchedManifest> {
    HttpRequest request{.method = "GET", .url = state_->route("manifests/" + key)};
    request.headers.emplace("Accept", kAcceptManifests);
    request.max_response_bytes = kMaxManifestBytes;
    TRY(const auto response, state_->exchange(std::move(request)));
    if (response.status != 200) return state_->failed("fetching manifest " + key, response);
    FetchedManifest manifest{.bytes = response.body, .digest = Digest::of(response.body)};
    TRY(manifest.media_type, media_type_of_document(manifest.bytes));
    if (key.starts_with("sha256:") && manifest.digest.to_string() != key) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("asked {} for manifest {}, got one with digest {}", state_->target.name(),
                                    key, manifest.digest.to_string()));
    }
    return manifest;
  });
}

Result<std::optional<Digest>> RegistryClient::find_manifest(const std::string& key) {
  return state_->with_retries([&]() -> Result<std::optional<Digest>> {
    HttpRequest request{.method = "HEAD", .url = state_->route("manifests/" + key)};
    request.headers.emplace("Accept", kAcceptManifests);
    TRY(const auto response, state_->exchange(std::move(request)));
    if (response.status == 404) return std::optional<Digest>();
    if (response.status != 200) return state_->failed("asking for manifest " + key, response);
    const auto digest = base::header_value(response.headers, "Docker-Content-Digest");
    if (!digest) return std::optional<Digest>();
    TRY(auto parsed, Digest::parse(*digest));
    return std::optional<Digest>(std::move(parsed));
  });
}

Result<void> RegistryClient::put_manifest(const std::string& key, const std::string& media_type,
                                          const std::string& bytes) {
  return state_->with_retries([&]() -> Result<void> {
    HttpRequest request{.method = "PUT", .url = state_->route("manifests/" + key), .body = bytes};
    request.headers.emplace("Content-Type", media_type);
    TRY(const auto response, state_->exchange(std::move(request)));
    if (response.status != 201 && response.status != 200 && response.status != 202)
      return state_->failed("storing manifest " + key, response);
    const auto stored = base::header_value(response.headers, "Docker-Content-Digest");
    if (stored && *stored != Digest::of(bytes).to_string()) {
      return make_error(ErrorKind::remote,
                        fmt::format("{} stored manifest {} as {}, sent was {}", state_->target.name(), key,
                                    *stored, Digest::of(bytes).to_string()));
    }
    return {};
  });
}

}  // namespace ecr
