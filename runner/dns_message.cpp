#include "runner/dns_message.h"

#include <cctype>

namespace runner {

namespace {

constexpr std::size_t kHeadSize = 12;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestName = 253;
constexpr std::uint16_t kClassInternet = 1;
constexpr std::uint32_t kSecondsToLive = 30;

std::uint16_t number_at(std::string_view message, std::size_t at) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(message[at]) << 8U) |
                                    static_cast<unsigned char>(message[at + 1]));
}

void put(std::string& message, std::uint32_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) message += static_cast<char>((number >> (8 * i)) & 0xffU);
}

bool is_in_a_name(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '_';
}

/// Reads labels from `at` on and moves it behind them; no compression in a question.
std::optional<std::string> read_name(std::string_view message, std::size_t& at) {
  std::string name;
  while (at < message.size()) {
    const std::size_t length = static_cast<unsigned char>(message[at++]);
    if (length == 0) return name;
    if (length > kLongestLabel || at + length > message.size()) return std::nullopt;
    if (!name.empty()) name += '.';
    for (const char c : message.substr(at, length)) {
      if (!is_in_a_name(static_cast<unsigned char>(c))) return std::nullopt;
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    at += length;
    if (name.size() > kLongestName) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<DnsQuestion> parse_dns_question(std::string_view message) {
  if (message.size() < kHeadSize) return std::nullopt;
  const bool is_query =
      (static_cast<unsigned char>(message[2]) & 0xf8U) == 0;  // a question, of the usual kind
  if (!is_query || number_at(message, 4) != 1) return std::nullopt;
  std::size_t at = kHeadSize;
  auto name = read_name(message, at);
  if (!name || at + 4 > message.size() || number_at(message, at + 2) != kClassInternet) return std::nullopt;
  return DnsQuestion{.id = number_at(message, 0),
                     .name = *std::move(name),
                     .type = number_at(message, at),
                     .head = std::string(message.substr(0, at + 4))};
}

std::string dns_answer(const DnsQuestion& question, DnsOutcome outcome,
                       std::optional<std::uint32_t> address) {
  std::string answer;
  put(answer, question.id, 2);
  const bool recursion_wanted = (static_cast<unsigned char>(question.head[2]) & 1U) != 0;
  answer += static_cast<char>(0x80U | (recursion_wanted ? 1U : 0U));    // an answer
  answer += static_cast<char>(0x80U | static_cast<unsigned>(outcome));  // recursion is available
  put(answer, 1, 2);
  put(answer, address ? 1 : 0, 2);
  put(answer, 0, 4);
  answer += question.head.substr(kHeadSize);
  if (!address) return answer;
  put(answer, 0xc00c, 2);  // the name of the question
  put(answer, static_cast<std::uint32_t>(DnsType::a), 2);
  put(answer, kClassInternet, 2);
  put(answer, kSecondsToLive, 4);
  put(answer, 4, 2);
  put(answer, *address, 4);
  return answer;
}

}  // namespace runner
