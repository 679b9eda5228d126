#pragma once
// Signature Version 4, checked: from the SignedHeaders that the request names, for keys of users and of
// sessions. Independent of aws/sigv4, which it judges.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/http_server.h"
#include "emulator/service.h"

namespace emulator {

struct AccessKey {
  std::string secret;
  std::string session_token;  ///< empty for a user's key
  double expires_at = 0;      ///< epoch seconds; 0 never
  Principal principal;
};

struct Signed {
  Principal principal;
  std::string region;
  std::string service;  ///< of the credential scope
};

using FindKey = std::function<std::optional<AccessKey>(const std::string& access_key_id)>;

/// Who signed the request, or why the signature does not hold. `body` is the whole body.
std::variant<Signed, ApiFailure> check_signature(const base::ServerRequest& request, std::string_view body,
                                                 const FindKey& find_key, base::WallTime now);

}  // namespace emulator
