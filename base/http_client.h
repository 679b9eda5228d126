#pragma once
// HTTP requests, one of the six interfaces. CurlHttpClient is the real one, tests/fakes/fake_http_client.h
// the other. Knows nothing of retries, signatures or registries: those belong to aws/client and ecr/registry.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/http.h"
#include "base/result.h"

namespace base {

/// How a server proves who it is, and we to it. Empty is what the machine trusts, and no certificate of ours.
struct TlsOptions {
  std::string ca_file;  ///< PEM; instead of the machine's
  std::string certificate_file;
  std::string key_file;
  bool verify = true;
  bool operator==(const TlsOptions&) const = default;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  /// When set, the body is read from here instead: fills up to `size` bytes, returns how many; 0 ends it.
  std::function<Result<std::size_t>(char* buffer, std::size_t size)> body_source;
  /// Length of what body_source gives; without it the body goes out chunked.
  std::optional<std::uint64_t> body_size;
  /// When set, takes the body of a 2xx answer instead of HttpResponse::body; false ends the transfer.
  std::function<bool(std::string_view chunk)> body_sink;
  /// Called before the first chunk goes to body_sink.
  std::function<void(int status, const Headers& headers)> on_head;
  TlsOptions tls;
  /// The way to the server: absent is the machine's environment, "" is none.
  std::optional<std::string> proxy;
  std::chrono::milliseconds connect_timeout{10'000};
  /// Of the whole exchange; zero is none.
  std::chrono::milliseconds timeout{60'000};
  /// Ends a transfer that has moved less than a KiB a second for so long; zero is never.
  std::chrono::seconds stall_timeout{0};
  bool follow_redirects = false;
  std::size_t max_response_bytes = 64U << 20;
  std::stop_token stop;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// An answer with any status is a value; no answer is ErrorKind::unavailable (or cancelled).
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

/// Keeps connections alive; may be used from several threads at once.
std::unique_ptr<HttpClient> make_curl_http_client();

}  // namespace base
