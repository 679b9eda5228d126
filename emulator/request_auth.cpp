#include "emulator/request_auth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/crypto.h"
#include "base/strings.h"

namespace emulator {

namespace {

constexpr double kAllowedSkewSeconds = 300;
constexpr int kForbidden = 403;

ApiFailure refuse(std::string code, std::string message) {
  return {std::move(code), std::move(message), kForbidden};
}

struct Authorization {
  std::string access_key_id;
  std::string date, region, service;
  std::vector<std::string> signed_headers;
  std::string signature;
};

// AWS4-HMAC-SHA256 Credential=AKID/20260817/eu-central-1/ecs/aws4_request, SignedHeaders=host;x-amz-date,
// Signature=…
std::optional<Authorization> parse_authorization(std::string_view text) {
  constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
  if (!text.starts_with(kAlgorithm)) return std::nullopt;
  std::map<std::string, std::string> fields;
  for (const auto& part : base::split(text.substr(kAlgorithm.size()), ',')) {
    const auto trimmed = base::trim(part);
    const auto equals = trimmed.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    fields[std::string(trimmed.substr(0, equals))] = trimmed.substr(equals + 1);
  }
  const auto scope = base::split(fields["Credential"], '/');
  if (scope.size() != 5 || scope[4] != "aws4_request" || fields["SignedHeaders"].empty()) return std::nullopt;
  return Authorization{
      scope[0], scope[1], scope[2], scope[3], base::split(fields["SignedHeaders"], ';'), fields["Signature"]};
}

std::string collapsed(std::string_view value) {
  std::string result;
  for (const char c : base::trim(value)) {
    if (c != ' ' || result.empty() || result.back() != ' ') result += c;
  }
  return result;
}

std::string canonical_query(const std::string& query) {
  std::vector<std::string> parts;
  for (const auto& part : base::split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto encode = [](std::string_view text) {
      return base::percent_encode(base::percent_decode(text));
    };
    parts.push_back(encode(std::string_view(part).substr(0, equals)) + "=" +
                    (equals == std::string::npos ? "" : encode(std::string_view(part).substr(equals + 1))));
  }
  std::sort(parts.begin(), parts.end());
  return base::join(parts, "&");
}

std::string canonical_request(const base::ServerRequest& request, const Authorization& authorization,
                              const std::string& payload_digest) {
  std::string headers;
  for (const auto& name : authorization.signed_headers) {
    std::string value;
    const auto [first, last] = request.headers.equal_range(name);
    for (auto header = first; header != last; ++header)
      value += (header == first ? "" : ",") + collapsed(header->second);
    headers += name + ":" + value + "\n";
  }
  const auto path = request.target.substr(0, request.target.find('?'));
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, path.empty() ? "/" : path,
                     canonical_query(request.query), headers, base::join(authorization.signed_headers, ";"),
                     payload_digest);
}

std::string signature_of(const Authorization& authorization, const std::string& secret,
                         const std::string& time, const std::string& canonical) {
  const auto scope =
      fmt::format("{}/{}/{}/aws4_request", authorization.date, authorization.region, authorization.service);
  const auto to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, base::sha256_hex(canonical));
  const auto sign = [](const base::Sha256Bytes& key, std::string_view message) {
    return base::hmac_sha256(base::as_text(key), message);
  };
  const auto date_key = base::hmac_sha256("AWS4" + secret, authorization.date);
  const auto key = sign(sign(sign(date_key, authorization.region), authorization.service), "aws4_request");
  return base::to_hex(base::as_text(sign(key, to_sign)));
}

}  // namespace

std::variant<Signed, ApiFailure> check_signature(const base::ServerRequest& request, std::string_view body,
                                                 const FindKey& find_key, base::WallTime now) {
  const auto header = base::header_value(request.headers, "Authorization");
  if (!header)
    return refuse("MissingAuthenticationTokenException", "Request is missing Authentication Token");
  const auto authorization = parse_authorization(*header);
  if (!authorization)
    return refuse(
        "IncompleteSignatureException",
        "Authorization header requires Credential, SignedHeaders and Signature of AWS4-HMAC-SHA256");
  const auto key = find_key(authorization->access_key_id);
  if (!key)
    return refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
  const auto time = base::header_value(request.headers, "X-Amz-Date").value_or("");
  const auto signed_at = base::parse_basic_iso8601(time);
  if (!signed_at)
    return refuse("IncompleteSignatureException", "X-Amz-Date must be a time like 20260817T091502Z");
  if (std::fabs(base::to_epoch_seconds(*signed_at) - base::to_epoch_seconds(now)) > kAllowedSkewSeconds) {
    return refuse("InvalidSignatureException",
                  fmt::format("Signature expired: {} is not within 5 minutes of {}", time,
                              base::format_basic_iso8601(now)));
  }
  if (base::header_value(request.headers, "X-Amz-Security-Token").value_or("") != key->session_token) {
    return refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (key->expires_at > 0 && base::to_epoch_seconds(now) > key->expires_at) {
    return refuse("ExpiredTokenException", "The security token included in the request is expired");
  }
  // A payload digest in the headers is signed; it still has to be that of the payload.
  const auto digest = base::sha256_hex(body);
  const auto stated = base::header_value(request.headers, "X-Amz-Content-Sha256").value_or(digest);
  const auto expected =
      signature_of(*authorization, key->secret, time, canonical_request(request, *authorization, digest));
  if (stated != digest || !base::equal_in_constant_time(expected, authorization->signature)) {
    return refuse("InvalidSignatureException",
                  "The request signature we calculated does not match the signature you provided. Check your "
                  "AWS Secret Access Key "
                  "and signing method. Consult the service documentation for details.");
  }
  return Signed{key->principal, authorization->region, authorization->service};
}

}  // namespace emulator
