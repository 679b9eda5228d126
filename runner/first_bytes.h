#pragma once
// What the first bytes of a connection say about where it means to go: the server name of a TLS ClientHello
// (RFC 6066), the host of an HTTP/1 request. A connection to a name on the list must not ask for another one.

#include <string>
#include <string_view>

namespace runner {

struct FirstBytes {
  enum class Verdict {
    more,     ///< too little to tell
    unnamed,  ///< another protocol, or one of these without a name
    named,    ///< `name` is the host, lower case, without a port
    broken,   ///< begins like one of these and is not
  };
  Verdict verdict = Verdict::unnamed;
  std::string name;
};

/// More than this many bytes are never asked for.
inline constexpr std::size_t kMostFirstBytes = 16 * 1024;

FirstBytes read_first_bytes(std::string_view bytes);

}  // namespace runner
