#pragma once
// Signature Version 4, pure: the same request, keys and time give the same signature. Not for presigned URLs
// and not for chunked uploads, which nothing here sends.

#include <string>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/http_client.h"

namespace aws {

struct SigningScope {
  std::string region;
  std::string service;
  base::WallTime time;
};

/// Adds X-Amz-Date, X-Amz-Security-Token when there is a token, and Authorization. Signed are the host, the
/// content type and every x-amz- header; the body must be in `request.body`. Signing again replaces what an
/// earlier signature added.
void sign(base::HttpRequest& request, const Credentials& credentials, const SigningScope& scope);

/// The two texts on the way to a signature, for tests and for people who compare them with AWS's answer.
std::string canonical_request(const base::HttpRequest& request);
std::string string_to_sign(const std::string& canonical, const SigningScope& scope);
/// The host as it is signed and sent: with the port unless it is the scheme's own.
std::string host_of_url(std::string_view url);

}  // namespace aws
