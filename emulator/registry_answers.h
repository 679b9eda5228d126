#pragma once
// Answers of the registry that several of its parts give.

#include <string>
#include <utility>

#include "base/http_server.h"
#include "base/json.h"

namespace emulator {

/// distribution-spec: Error Codes.
inline base::ServerResponse registry_failure(int status, const char* code, std::string message) {
  base::ServerResponse response;
  response.status = status;
  response.headers.emplace("Content-Type", "application/json");
  response.body =
      base::to_text({{"errors", base::Json::array({{{"code", code}, {"message", std::move(message)}}})}});
  return response;
}

inline base::ServerResponse empty_answer(int status) {
  base::ServerResponse response;
  response.status = status;
  return response;
}

}  // namespace emulator
