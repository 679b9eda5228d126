#pragma once
// What a forge sends to /hooks/…: whether it is signed, and what it says, in GitHub's words whatever forge it
// came from. Pure. Not for keeping it (delivery_inbox), nor for what follows (triage).

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http.h"
#include "base/json_fwd.h"
#include "base/result.h"
#include "server/config.h"

namespace server {

/// GitHub's own limit for payloads.
inline constexpr std::size_t kLargestHook = 25U << 20;

/// Whether one of the secrets signed the body, or for GitLab is its token. All are tried, each in a time that
/// tells nothing of it. Sources: GitHub "Validating webhook deliveries", Gitea services/webhook/deliver.go,
/// GitLab "Webhooks", Standard Webhooks 1.0.
bool is_signed(Forge forge, const base::Headers& headers, std::string_view body,
               const std::vector<std::string>& secrets, base::WallTime now);

struct Hook {
  std::string guid;        ///< the forge's id of the delivery
  std::string event;       ///< push, pull_request …
  std::string repository;  ///< owner/name; empty when it is about none
  std::string payload;     ///< JSON
};

/// Whether a payload comes in that content type.
bool is_hook_type(const base::Headers& headers);
/// An Error says what is wrong with the request; its kind is invalid_input.
base::Result<Hook> read_hook(Forge forge, const base::Headers& headers, std::string_view body);

/// What two deliveries have in common that tell of the same thing: one by the repository's hook, one by the
/// App's, or one seen by polling.
std::string meaning_of(const std::string& event, const std::string& repository, const base::Json& payload);

}  // namespace server
