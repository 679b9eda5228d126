#include "server/secret_source.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/files.h"
#include "base/strings.h"

namespace server {

namespace {
constexpr std::size_t kLargestSecretFile = 64U << 10;
}  // namespace

base::Result<SecretSource> parse_secret_source(std::string_view text) {
  for (const auto& [prefix, kind] :
       {std::pair<std::string_view, SecretSource::Kind>{"file:", SecretSource::Kind::file},
        {"env:", SecretSource::Kind::environment}}) {
    if (text.starts_with(prefix) && text.size() > prefix.size())
      return SecretSource{kind, std::string(text.substr(prefix.size()))};
  }
  // What was written may be the secret itself: it is not shown.
  return base::invalid_input("expected file:PATH or env:NAME; secrets are not written into this file");
}

base::Result<std::string> read_secret(const SecretSource& source) {
  std::string value;
  if (source.kind == SecretSource::Kind::none) return value;
  if (source.kind == SecretSource::Kind::file) {
    TRY(value, base::read_file(source.name, kLargestSecretFile).while_doing("reading a secret"));
    value = std::string(base::trim(value));
  } else if (const char* set = std::getenv(source.name.c_str()); set != nullptr) {
    value = set;
  }
  if (!value.empty()) return value;
  return base::make_error(base::ErrorKind::not_found,
                          source.kind == SecretSource::Kind::file
                              ? fmt::format("the secret's file {} is empty", source.name)
                              : fmt::format("the secret's environment variable {} is not set", source.name));
}

}  // namespace server
