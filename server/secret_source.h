#pragma once
// Where the configuration says that a secret is: a file or an environment variable, never the configuration
// itself. Read when it is used, so that a changed file counts at once.

#include <string>
#include <string_view>

#include "base/result.h"

namespace server {

/// `file:/path` or `env:NAME`.
struct SecretSource {
  enum class Kind { none, file, environment };
  Kind kind = Kind::none;
  std::string name;
};

base::Result<SecretSource> parse_secret_source(std::string_view text);
/// Without the newline at a file's end. An Error when there is nothing; "" of Kind::none.
base::Result<std::string> read_secret(const SecretSource& source);

}  // namespace server
