#include "base/git_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace base::git {

namespace {

constexpr std::size_t kLengthDigits = 4;
constexpr std::string_view kDelimiter = "0001";
constexpr std::string_view kFlush = "0000";
constexpr std::string_view kAgent = "agent=git/pipeline";
// gitprotocol-v2 "packfile-uris", "side-band-64k".
constexpr char kPackBand = 1;
constexpr char kProgressBand = 2;
constexpr char kErrorBand = 3;

Error broken(std::string what) {
  return make_error(ErrorKind::remote, "the git server's answer is not understood: " + std::move(what));
}

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

bool is_commit_id(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// What a server says instead of an answer (gitprotocol-pack "ERR").
std::optional<Error> refusal(std::string_view text) {
  if (!text.starts_with("ERR ")) return std::nullopt;
  const auto message = without_line_end(text.substr(4));
  const bool missing = message.find("not our ref") != std::string_view::npos;
  return make_error(missing ? ErrorKind::not_found : ErrorKind::remote,
                    fmt::format("the git server refuses: {}", message));
}

}  // namespace

std::string packet_line(std::string_view text) {
  return fmt::format("{:04x}{}", text.size() + kLengthDigits, text);
}

Result<std::size_t> PacketReader::take_one(std::string_view bytes) {
  if (bytes.size() < kLengthDigits) return std::size_t{0};
  std::size_t length = 0;
  const char* digits_end = bytes.data() + kLengthDigits;
  const auto [parsed_to, failure] = std::from_chars(bytes.data(), digits_end, length, 16);
  if (failure != std::errc() || parsed_to != digits_end) return broken("a packet without its length");
  if (length == 3) return broken("a packet of length 3");
  if (length < kLengthDigits) {
    constexpr PacketKind kKinds[] = {PacketKind::flush, PacketKind::delimiter, PacketKind::end};
    TRY(receiver_({kKinds[length], {}}));
    return kLengthDigits;
  }
  if (bytes.size() < length) return std::size_t{0};
  TRY(receiver_({PacketKind::line, bytes.substr(kLengthDigits, length - kLengthDigits)}));
  return length;
}

Result<void> PacketReader::feed(std::string_view bytes) {
  rest_.append(bytes);
  std::size_t used = 0;
  while (true) {
    TRY(const std::size_t length, take_one(std::string_view(rest_).substr(used)));
    if (length == 0) break;
    used += length;
  }
  rest_.erase(0, used);
  return {};
}

Result<void> PacketReader::close() const {
  if (rest_.empty()) return {};
  return make_error(ErrorKind::unavailable, "the git server's answer ended too early");
}

Result<Capabilities> read_capabilities(std::string_view answer) {
  Capabilities found;
  PacketReader reader([&](const Packet& packet) -> Result<void> {
    const auto text = without_line_end(packet.text);
    if (auto error = refusal(text)) return *error;
    if (text == "version 2") found.version_2 = true;
    if (text.starts_with("fetch="))
      found.shallow = (" " + std::string(text.substr(6)) + " ").find(" shallow ") != std::string::npos;
    return {};
  });
  TRY(reader.feed(answer));
  return found;
}

std::string list_references_request(const std::vector<std::string>& prefixes) {
  std::string request = packet_line("command=ls-refs\n") + packet_line(kAgent);
  request += kDelimiter;
  request += packet_line("peel\n");
  for (const auto& prefix : prefixes) request += packet_line(fmt::format("ref-prefix {}\n", prefix));
  request += kFlush;
  return request;
}

Result<std::vector<AdvertisedReference>> read_references(std::string_view answer) {
  std::vector<AdvertisedReference> references;
  PacketReader reader([&](const Packet& packet) -> Result<void> {
    if (packet.kind != PacketKind::line) return {};
    const auto text = without_line_end(packet.text);
    if (auto error = refusal(text)) return *error;
    // <id> SP <name> *(SP <attribute>), where an attribute may be peeled:<id> (gitprotocol-v2 "ls-refs").
    const auto words = split(std::string(text), ' ');
    if (words.size() < 2) return broken("a reference without a name");
    AdvertisedReference reference{words[1], words[0]};
    for (const auto& word : words) {
      if (word.starts_with("peeled:")) reference.commit = word.substr(7);
    }
    if (is_commit_id(reference.commit)) references.push_back(std::move(reference));
    return {};
  });
  TRY(reader.feed(answer));
  TRY(reader.close());
  return references;
}

std::string fetch_request(const std::string& commit, History history) {
  std::string request = packet_line("command=fetch\n") + packet_line(kAgent);
  request += kDelimiter;
  request += packet_line("no-progress\n") + packet_line("ofs-delta\n");
  if (history == History::one_commit) request += packet_line("deepen 1\n");
  request += packet_line(fmt::format("want {}\n", commit)) + packet_line("done\n");
  request += kFlush;
  return request;
}

PackReader::PackReader(Sink sink)
    : sink_(std::move(sink)), packets_([this](const Packet& packet) { return take(packet); }) {}

Result<void> PackReader::take(const Packet& packet) {
  if (packet.kind != PacketKind::line) {
    if (in_pack_ && packet.kind == PacketKind::flush) complete_ = true;
    return {};
  }
  if (auto error = refusal(packet.text)) return *error;
  if (!in_pack_) {
    // Sections before it say what is shallow and what both have: for one commit they say nothing new.
    in_pack_ = without_line_end(packet.text) == "packfile";
    return {};
  }
  if (packet.text.empty()) return broken("an empty piece of the pack");
  const auto content = packet.text.substr(1);
  switch (packet.text.front()) {
    case kPackBand:
      return sink_(content);
    case kProgressBand:
      return {};
    case kErrorBand:
      return make_error(ErrorKind::remote,
                        fmt::format("the git server failed: {}", without_line_end(content)));
    default:
      return broken("a piece of the pack of unknown kind");
  }
}

Result<void> PackReader::close() {
  TRY(packets_.close());
  if (complete_) return {};
  return make_error(ErrorKind::unavailable, "the git server's answer ended before the pack did");
}

}  // namespace base::git
