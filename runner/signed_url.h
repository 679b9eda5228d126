#pragma once
// Addresses that let who holds them do one thing until a moment, as Azure's shared access signatures do. They
// end with the process. Not for who may be given one.

#include <string>
#include <string_view>

#include "base/http_server.h"

namespace runner {

enum class UrlRight : char { read = 'r', write = 'w' };

class UrlSigner {
 public:
  UrlSigner();
  /// `path` with the query that lets it be used for so many seconds.
  [[nodiscard]] std::string sign(const std::string& path, UrlRight right, int seconds) const;
  [[nodiscard]] bool allows(const base::ServerRequest& request, UrlRight right) const;

 private:
  [[nodiscard]] std::string signature(std::string_view path, UrlRight right, std::string_view end) const;
  std::string key_;
};

}  // namespace runner
