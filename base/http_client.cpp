#include "base/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

namespace base {

namespace {

constexpr long kTransferBytes = 256 * 1024;
constexpr std::size_t kMostHeaderBytes = 1U << 20;

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// scheme://host:port and no more: user, path and query of a URL may hold a credential.
std::string place_of(const std::string& text) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return "this URL";
  const auto part = [&](CURLUPart which) {
    char* raw = nullptr;
    if (curl_url_get(url.get(), which, &raw, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
    const std::unique_ptr<char, decltype(&curl_free)> owned(raw, curl_free);
    return std::string(raw);
  };
  const std::string port = part(CURLUPART_PORT);
  return fmt::format("{}://{}{}{}", part(CURLUPART_SCHEME), part(CURLUPART_HOST), port.empty() ? "" : ":",
                     port);
}

/// What the callbacks of one exchange share.
struct Exchange {
  const HttpRequest& request;
  HttpResponse response;
  CURL* handle = nullptr;
  std::size_t upload_offset = 0;
  std::size_t header_bytes = 0;
  std::optional<Error> failure;
  bool body_refused = false;
  bool head_told = false;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line = trim(std::string_view(data, size * count));
  exchange.header_bytes += size * count;
  if (exchange.header_bytes > kMostHeaderBytes) {
    exchange.failure =
        make_error(ErrorKind::invalid_input,
                   fmt::format("{} answered with more than {} of headers", place_of(exchange.request.url),
                               format_bytes(kMostHeaderBytes)));
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    exchange.response.headers.clear();  // an interim answer or a redirect came before
    return size * count;
  }
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    exchange.response.headers.emplace(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view chunk(data, size * count);
  long status = 0;
  curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  if (exchange.request.body_sink && status >= 200 && status < 300) {
    if (exchange.request.on_head && !std::exchange(exchange.head_told, true))
      exchange.request.on_head(static_cast<int>(status), exchange.response.headers);
    if (exchange.request.body_sink(chunk)) return chunk.size();
    exchange.body_refused = true;
    return 0;
  }
  if (exchange.response.body.size() + chunk.size() > exchange.request.max_response_bytes) {
    exchange.failure = make_error(ErrorKind::invalid_input,
                                  fmt::format("{} answered with more than {}", place_of(exchange.request.url),
                                              format_bytes(exchange.request.max_response_bytes)));
    return 0;
  }
  exchange.response.body.append(chunk);
  return chunk.size();
}

std::size_t on_upload(char* buffer, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.body_source) {
    auto read = exchange.request.body_source(buffer, size * count);
    if (read) return *read;
    exchange.failure = std::move(read).error();
    return CURL_READFUNC_ABORT;
  }
  const auto piece = std::string_view(exchange.request.body).substr(exchange.upload_offset, size * count);
  piece.copy(buffer, piece.size());
  exchange.upload_offset += piece.size();
  return piece.size();
}

int on_seek(void* user, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.request.body_source || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  exchange.upload_offset = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(user)->request.stop.stop_requested() ? 1 : 0;
}

// What the environment exempts, and this machine itself: no proxy could reach it.
std::string hosts_without_proxy() {
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == 0) continue;
    return std::string_view(value) == "*" ? "*" : std::string(value) + ",localhost,127.0.0.0/8,::1";
  }
  return "localhost,127.0.0.0/8,::1";
}

// Whoever fills in a header or method from outside must not be able to add another one.
Result<void> check_request(const HttpRequest& request) {
  static constexpr std::string_view kBreaks("\r\n\0", 3);
  const auto is_token = [](std::string_view text) {
    return !text.empty() && text.find_first_of(" \t:") == std::string_view::npos &&
           text.find_first_of(kBreaks) == std::string_view::npos;
  };
  if (!is_token(request.method))
    return make_error(ErrorKind::invalid_input, "expected an HTTP method of one word");
  for (const auto& [name, value] : request.headers) {
    if (is_token(name) && value.find_first_of(kBreaks) == std::string::npos) continue;
    return make_error(
        ErrorKind::invalid_input,
        fmt::format("the header '{}' of a request has a line break, or no proper name", trim(name)));
  }
  if (request.url.find_first_of(kBreaks) == std::string::npos) return {};
  return make_error(ErrorKind::invalid_input, "a URL has a line break in it");
}

void set_body(CURL* handle, const HttpRequest& request, Exchange& exchange) {
  const bool has_body = request.body_source || !request.body.empty();
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!has_body && request.method != "POST" && request.method != "PUT" && request.method != "PATCH") return;
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_upload);
  curl_easy_setopt(handle, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(handle, CURLOPT_SEEKDATA, &exchange);
  if (!request.body_source) {
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else if (request.body_size) {
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*request.body_size));
  }
}

HeaderList header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) {
    // "name;" is how curl sends a header without a value.
    list = curl_slist_append(list, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  list = curl_slist_append(list, "Expect:");
  if (request.headers.find("Content-Type") == request.headers.end())
    list = curl_slist_append(list, "Content-Type:");
  return HeaderList(list);
}

void set_tls(CURL* handle, const TlsOptions& tls) {
  if (!tls.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.certificate_file.empty()) curl_easy_setopt(handle, CURLOPT_SSLCERT, tls.certificate_file.c_str());
  if (!tls.key_file.empty()) curl_easy_setopt(handle, CURLOPT_SSLKEY, tls.key_file.c_str());
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
}

void set_options(CURL* handle, const HttpRequest& request, const HeaderList& headers, Exchange& exchange) {
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  set_body(handle, request, exchange);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST,
                   request.method == "HEAD" ? nullptr : request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kTransferBytes);
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kTransferBytes);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
  // Whoever names a proxy has looked at the exceptions already.
  curl_easy_setopt(handle, CURLOPT_NOPROXY, request.proxy ? "" : hosts_without_proxy().c_str());
  if (request.proxy) curl_easy_setopt(handle, CURLOPT_PROXY, request.proxy->c_str());
  if (request.stall_timeout.count() > 0) {
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1024L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
  }
  set_tls(handle, request.tls);
}

Error transfer_error(const HttpRequest& request, CURLcode code, const char* detail) {
  const std::string_view what = detail != nullptr && *detail != 0 ? detail : curl_easy_strerror(code);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return make_error(ErrorKind::invalid_input, fmt::format("expected an http or https URL: {}", what));
  }
  std::string advice;
  if (code == CURLE_COULDNT_RESOLVE_HOST) advice = "; check the host name and DNS";
  if (code == CURLE_COULDNT_RESOLVE_PROXY) advice = "; check http_proxy, https_proxy and no_proxy";
  if (code == CURLE_COULDNT_CONNECT) advice = "; is the server up, and is it the right port?";
  if (code == CURLE_SSL_CACERT_BADFILE) advice = "; the file of CA certificates cannot be read";
  if (code == CURLE_PEER_FAILED_VERIFICATION) advice = "; check the CA certificates of this machine";
  if (code == CURLE_OPERATION_TIMEDOUT) {
    advice = fmt::format("; the limits are {} to connect and {} in all",
                         format_duration_ms(request.connect_timeout.count()),
                         request.timeout.count() == 0 ? "none" : format_duration_ms(request.timeout.count()));
  }
  return make_error(ErrorKind::unavailable,
                    fmt::format("no answer from {}: {}{}", place_of(request.url), what, advice));
}

class CurlHttpClient : public HttpClient {
 public:
  CurlHttpClient() {
    static std::once_flag initialized;
    std::call_once(initialized, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  Result<HttpResponse> send(const HttpRequest& request) override {
    TRY(check_request(request));
    if (request.stop.stop_requested()) return cancelled(request);
    Handle handle = take_handle();
    if (!handle) return make_error(ErrorKind::internal, "no memory for an HTTP request");
    Exchange exchange{.request = request, .handle = handle.get()};
    const auto headers = header_list(request);
    char detail[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, detail);
    set_options(handle.get(), request, headers, exchange);
    const CURLcode code = curl_easy_perform(handle.get());
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    if (code == CURLE_OK) {
      give_back(std::move(handle));
      return std::move(exchange.response);
    }
    if (exchange.failure) return std::move(*exchange.failure);
    if (request.stop.stop_requested()) return cancelled(request);
    if (exchange.body_refused)
      return make_error(ErrorKind::invalid_input, "the answer was refused while it came in");
    // An early answer (401, 404 …) to an upload that the server did not read to its end.
    if ((code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) && status >= 400)
      return std::move(exchange.response);
    return transfer_error(request, code, detail);
  }

 private:
  static Error cancelled(const HttpRequest& request) {
    return make_error(ErrorKind::cancelled,
                      fmt::format("cancelled: {} {}", request.method, place_of(request.url)));
  }

  Handle take_handle() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Handle handle = std::move(idle_.back());
        idle_.pop_back();
        return handle;
      }
    }
    return Handle(curl_easy_init());
  }

  void give_back(Handle handle) {
    curl_easy_reset(handle.get());  // keeps the live connections
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  std::mutex mutex_;
  std::vector<Handle> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_http_client() {
  return std::make_unique<CurlHttpClient>();
}

}  // namespace base
