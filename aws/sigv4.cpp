#include "aws/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/crypto.h"
#include "base/strings.h"

namespace aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

struct UrlParts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;
  std::string_view query;
};

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  url = url.substr(0, url.find('#'));
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    parts.scheme = url.substr(0, scheme);
    url = url.substr(scheme + 3);
  }
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  parts.authority = url.substr(0, end);
  if (const std::size_t at = parts.authority.rfind('@'); at != std::string_view::npos) {
    parts.authority = parts.authority.substr(at + 1);
  }
  url = url.substr(end);
  const std::size_t query = std::min(url.find('?'), url.size());
  parts.path = url.substr(0, query);
  if (query < url.size()) parts.query = url.substr(query + 1);
  return parts;
}

/// Names and values encoded anew, then sorted by name and value.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& part : base::split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string value = equals < part.size() ? part.substr(equals + 1) : "";
    pairs.emplace_back(base::percent_encode(base::percent_decode(part.substr(0, equals))),
                       base::percent_encode(base::percent_decode(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> encoded;
  for (const auto& [name, value] : pairs) encoded.push_back(fmt::format("{}={}", name, value));
  return base::join(encoded, "&");
}

/// Trimmed, with runs of spaces as one.
std::string canonical_value(std::string_view value) {
  std::string result;
  for (const char c : base::trim(value)) {
    if (c != ' ' || result.empty() || result.back() != ' ') result += c;
  }
  return result;
}

std::map<std::string, std::string> signed_headers(const base::HttpRequest& request) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    const std::string lower = base::to_lower(name);
    if (lower != "content-type" && lower != "host" && !lower.starts_with("x-amz-")) continue;
    std::string& joined = headers[lower];
    if (!joined.empty()) joined += ',';
    joined += canonical_value(value);
  }
  headers.emplace("host", host_of_url(request.url));
  return headers;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) names.push_back(name);
  return base::join(names, ";");
}

std::string scope_text(const SigningScope& scope) {
  return fmt::format("{}/{}/{}/aws4_request", base::format_basic_iso8601(scope.time).substr(0, 8),
                     scope.region, scope.service);
}

std::string signature_of(const std::string& text, const std::string& secret, const SigningScope& scope) {
  auto key = base::hmac_sha256("AWS4" + secret, base::format_basic_iso8601(scope.time).substr(0, 8));
  for (const std::string& part : {scope.region, scope.service, std::string("aws4_request")}) {
    key = base::hmac_sha256(base::as_text(key), part);
  }
  return base::to_hex(base::as_text(base::hmac_sha256(base::as_text(key), text)));
}

}  // namespace

std::string host_of_url(std::string_view url) {
  const UrlParts parts = split_url(url);
  std::string host = base::to_lower(parts.authority);
  const std::string_view own_port = parts.scheme == "https" ? ":443" : ":80";
  if (host.ends_with(own_port)) host.resize(host.size() - own_port.size());
  return host;
}

std::string canonical_request(const base::HttpRequest& request) {
  const UrlParts parts = split_url(request.url);
  const auto headers = signed_headers(request);
  std::string lines;
  for (const auto& [name, value] : headers) lines += fmt::format("{}:{}\n", name, value);
  // Services other than S3 have the path encoded once more than it is sent.
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method,
                     parts.path.empty() ? "/" : base::percent_encode(parts.path, "/"),
                     canonical_query(parts.query), lines, names_of(headers), base::sha256_hex(request.body));
}

std::string string_to_sign(const std::string& canonical, const SigningScope& scope) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, base::format_basic_iso8601(scope.time), scope_text(scope),
                     base::sha256_hex(canonical));
}

void sign(base::HttpRequest& request, const Credentials& credentials, const SigningScope& scope) {
  for (const char* name : {"X-Amz-Date", "X-Amz-Security-Token", "Authorization"})
    request.headers.erase(name);
  request.headers.emplace("X-Amz-Date", base::format_basic_iso8601(scope.time));
  if (!credentials.session_token.empty()) {
    request.headers.emplace("X-Amz-Security-Token", credentials.session_token);
  }
  const std::string text = string_to_sign(canonical_request(request), scope);
  request.headers.emplace(
      "Authorization",
      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                  credentials.access_key_id, scope_text(scope), names_of(signed_headers(request)),
                  signature_of(text, credentials.secret_access_key, scope)));
}

}  // namespace aws
