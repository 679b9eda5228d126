#include "server/page_files.h"

#include <algorithm>
#include <string_view>

#include "base/crypto.h"

// Of page_files_bytes.S.
extern "C" {
extern const char pipeline_page_html[];
extern const char pipeline_page_html_end[];
extern const char pipeline_page_css[];
extern const char pipeline_page_css_end[];
extern const char pipeline_page_js[];
extern const char pipeline_page_js_end[];
}

namespace server {

namespace {

// Only what comes from here; nothing in a log, a branch's name or a summary can name another place, or run.
constexpr const char* kPolicy =
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

struct PageFile {
  const char* type;
  std::string_view bytes;
};

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

PageFile file_at(std::string_view path) {
  if (path == "/page.css")
    return {"text/css; charset=utf-8", between(pipeline_page_css, pipeline_page_css_end)};
  if (path == "/page.js")
    return {"text/javascript; charset=utf-8", between(pipeline_page_js, pipeline_page_js_end)};
  return {"text/html; charset=utf-8", between(pipeline_page_html, pipeline_page_html_end)};
}

// What the script knows to show (server/page/main.tsx).
bool is_of_page(std::string_view path) {
  constexpr std::string_view kPlaces[] = {"/",        "/deliveries", "/workers",
                                          "/secrets", "/page.css",   "/page.js"};
  return path.starts_with("/runs/") ||
         std::find(std::begin(kPlaces), std::end(kPlaces), path) != std::end(kPlaces);
}

}  // namespace

std::optional<base::ServerResponse> page_answer(const base::ServerRequest& request) {
  if ((request.method != "GET" && request.method != "HEAD") || !is_of_page(request.path)) return std::nullopt;
  const auto file = file_at(request.path);
  const auto etag = "\"" + base::sha256_hex(file.bytes).substr(0, 16) + "\"";
  base::ServerResponse answer{.headers = {{"Content-Type", file.type},
                                          {"Content-Security-Policy", kPolicy},
                                          {"X-Content-Type-Options", "nosniff"},
                                          {"Referrer-Policy", "no-referrer"},
                                          {"Cache-Control", "no-cache"},
                                          {"ETag", etag}}};
  if (base::header_value(request.headers, "If-None-Match") == etag) {
    answer.status = 304;
  } else {
    answer.body = file.bytes;
  }
  return answer;
}

}  // namespace server
