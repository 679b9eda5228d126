#include "base/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <mutex>
#include <vector>

namespace base {

namespace {

constexpr long kBufferBytes = 256 * 1024;

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

/// What the callbacks of one exchange share.
struct Exchange {
  const HttpRequest& request;
  HttpResponse response;
  CURL* handle = nullptr;
  std::size_t upload_offset = 0;
  std::optional<Error> failure;
  bool body_refused = false;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line = trim(std::string_view(data, size * count));
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
    if (exchange.request.body_sink(chunk)) return chunk.size();
    exchange.body_refused = true;
    return 0;
  }
  if (exchange.response.body.size() + chunk.size() > exchange.request.max_response_bytes) {
    exchange.failure = make_error(ErrorKind::invalid_input,
                                  fmt::format("{} answered with more than {}", exchange.request.url,
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

bool is_loopback(const std::string& url) {
  return url.starts_with("http://127.") || url.starts_with("http://localhost") || url.starts_with("http://[::1]") ||
         url.starts_with("https://127.") || url.starts_with("https://localhost") || url.starts_with("https://[::1]");
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
  if (request.headers.find("Content-Type") == request.headers.end()) list = curl_slist_append(list, "Content-Type:");
  return HeaderList(list);
}

void set_options(CURL* handle, const HttpRequest& request, const HeaderList& headers, Exchange& exchange) {
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  set_body(handle, request, exchange);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method == "HEAD" ? nullptr : request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
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
  if (is_loopback(request.url)) curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
}

Error transfer_error(const HttpRequest& request, CURLcode code, const char* detail) {
  // The query may carry a credential; what names the server is enough.
  const std::string place = request.url.substr(0, request.url.find('?'));
  const std::string_view what = detail != nullptr && *detail != 0 ? detail : curl_easy_strerror(code);
  std::string advice;
  if (code == CURLE_COULDNT_RESOLVE_HOST) advice = "; check the host name and DNS";
  if (code == CURLE_COULDNT_CONNECT) advice = "; is the server up, and is it the right port?";
  if (code == CURLE_PEER_FAILED_VERIFICATION) advice = "; check the CA certificates of this machine";
  return make_error(ErrorKind::unavailable, fmt::format("no answer from {}: {}{}", place, what, advice));
}

class CurlHttpClient : public HttpClient {
 public:
  CurlHttpClient() {
    static std::once_flag initialized;
    std::call_once(initialized, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  }

  Result<HttpResponse> send(const HttpRequest& request) override {
    if (request.stop.stop_requested()) return make_error(ErrorKind::cancelled, "cancelled before " + request.url);
    Handle handle = take_handle();
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
    if (request.stop.stop_requested()) return make_error(ErrorKind::cancelled, "cancelled: " + request.method);
    if (exchange.body_refused) return make_error(ErrorKind::invalid_input, "the answer was refused while it came in");
    // An early answer (401, 404 …) to an upload that the server did not read to its end.
    if ((code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) && status >= 400) return std::move(exchange.response);
    return transfer_error(request, code, detail);
  }

 private:
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

std::unique_ptr<HttpClient> make_curl_http_client() { return std::make_unique<CurlHttpClient>(); }

}  // namespace base
