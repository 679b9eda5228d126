#pragma once
// The little of DNS (RFC 1035) that a gate needs: read one question, answer it. Not a resolver.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runner {

enum class DnsType : std::uint16_t { a = 1, aaaa = 28, https = 65 };
enum class DnsOutcome : std::uint8_t {
  answered = 0,
  bad_question = 1,
  failed = 2,
  no_such_name = 3,
  refused = 5
};

struct DnsQuestion {
  std::uint16_t id = 0;
  std::string name;  ///< lower case, without the last dot
  std::uint16_t type = 0;
  std::string head;  ///< the message up to the end of its question, to be sent back
};

/// Nothing for what is not exactly one question of class IN with a name of letters, digits, '-', '_' and '.'.
std::optional<DnsQuestion> parse_dns_question(std::string_view message);
/// `address` is a host-order IPv4 address for an A record; absent is an answer without records.
std::string dns_answer(const DnsQuestion& question, DnsOutcome outcome,
                       std::optional<std::uint32_t> address = std::nullopt);

}  // namespace runner
