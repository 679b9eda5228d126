#pragma once
// Answers of registries as errors, and the faults worth another try.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"

namespace ecr {

/// `doing` says what was asked, e.g. "PUT manifest v1 of host/repo". Error::code is the registry's own, or
/// the status.
base::Error registry_error(std::string_view doing, const base::HttpResponse& response);
/// 429 and the 5xx that pass.
bool is_passing_status(int status);
/// How long to wait before attempt `attempt` + 1 (from 1): Retry-After when it says, else growing.
std::chrono::milliseconds time_before_retry(int attempt, const base::HttpResponse* response);

}  // namespace ecr
