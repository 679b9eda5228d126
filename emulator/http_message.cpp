#include "emulator/http_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace emulator {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024;

base::Error malformed(std::string_view what) {
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("the HTTP message is malformed: {}", what));
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
}

base::Result<void> parse_lines(std::string_view text, MessageHead& head) {
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return malformed("a line has no end");
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (text.empty()) return {};
      return malformed("an empty line within the head");  // another message may hide behind it
    }
    if (line.size() > kLongestLine) return malformed("a header line is longer than 16 KiB");
    if (has_control_character(line)) return malformed("a control character in the head");
    if (std::exchange(first, false)) {
      head.start_line = line;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a header line without a colon");
    if (!is_token(line.substr(0, colon))) return malformed("a header name that is not a token");
    head.fields.emplace_back(line.substr(0, colon), base::trim(line.substr(colon + 1)));
  }
  return malformed("the head has no empty line at its end");
}

std::optional<int> minor_version_of(std::string_view text) {
  if (text == "HTTP/1.1") return 1;
  if (text == "HTTP/1.0") return 0;
  return std::nullopt;
}

/// Nothing without a Content-Length; several must agree.
base::Result<std::optional<std::uint64_t>> content_length(const MessageHead& head) {
  std::optional<std::uint64_t> length;
  for (const auto& [name, value] : head.fields) {
    if (!base::equals_ignoring_case(name, "content-length")) continue;
    const bool digits =
        !value.empty() && value.size() <= 18 && value.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) return malformed("Content-Length is not a number");
    const auto number = static_cast<std::uint64_t>(*base::parse_integer(value));
    if (length && *length != number) return malformed("two Content-Length fields disagree");
    length = number;
  }
  return length;
}

base::Result<bool> is_chunked(const MessageHead& head) {
  std::string codings;
  for (const auto& [name, value] : head.fields) {
    if (base::equals_ignoring_case(name, "transfer-encoding"))
      codings += (codings.empty() ? "" : ",") + value;
  }
  if (codings.empty()) return false;
  if (!base::equals_ignoring_case(base::trim(codings), "chunked"))
    return malformed("a transfer coding other than chunked");
  return true;
}

}  // namespace

std::optional<std::string> MessageHead::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (base::equals_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

void MessageHead::remove(std::string_view name) {
  std::erase_if(fields, [&](const auto& entry) { return base::equals_ignoring_case(entry.first, name); });
}

std::string MessageHead::to_text() const {
  std::string text = start_line + "\r\n";
  for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

std::string RequestHead::path() const {
  return target.substr(0, target.find('?'));
}

std::string RequestHead::host() const {
  std::string host = base::to_lower(field("host").value_or(""));
  const std::size_t colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
  return host;
}

base::Result<RequestHead> parse_request_head(std::string_view text) {
  RequestHead head;
  TRY(parse_lines(text, head));
  const std::vector<std::string> words = base::split(head.start_line, ' ');
  if (words.size() != 3 || !is_token(words[0]) || words[1].empty()) return malformed("the request line");
  const auto version = minor_version_of(words[2]);
  if (!version) return malformed("the HTTP version is neither 1.0 nor 1.1");
  head.method = words[0];
  head.target = words[1];
  head.minor_version = *version;
  const auto hosts = std::count_if(head.fields.begin(), head.fields.end(), [](const auto& entry) {
    return base::equals_ignoring_case(entry.first, "host");
  });
  if (hosts > 1 || (*version == 1 && hosts == 0)) return malformed("it needs one Host field");
  return head;
}

base::Result<ResponseHead> parse_response_head(std::string_view text) {
  ResponseHead head;
  TRY(parse_lines(text, head));
  const std::string_view line = head.start_line;
  const std::size_t space = line.find(' ');
  const auto version = minor_version_of(line.substr(0, space));
  const auto status =
      space == std::string_view::npos ? std::nullopt : base::parse_integer(line.substr(space + 1, 3));
  if (!version || !status || *status < 100 || *status > 599) return malformed("the status line");
  head.status = static_cast<int>(*status);
  head.minor_version = *version;
  return head;
}

base::Result<BodyFraming> request_framing(const RequestHead& head) {
  TRY(const auto length, content_length(head));
  TRY(const bool chunked, is_chunked(head));
  if (chunked && length) return malformed("both Transfer-Encoding and Content-Length");
  if (chunked && head.minor_version == 0) return malformed("a chunked body in HTTP/1.0");
  if (chunked) return BodyFraming{BodyFraming::Kind::chunked, 0};
  if (length && *length > 0) return BodyFraming{BodyFraming::Kind::length, *length};
  return BodyFraming{};
}

base::Result<BodyFraming> response_framing(const ResponseHead& head, std::string_view request_method) {
  TRY(const auto length, content_length(head));
  TRY(const bool chunked, is_chunked(head));
  if (chunked && length) return malformed("both Transfer-Encoding and Content-Length");
  if (request_method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304)
    return BodyFraming{};
  if (chunked) return BodyFraming{BodyFraming::Kind::chunked, 0};
  if (length) return BodyFraming{BodyFraming::Kind::length, *length};
  return BodyFraming{BodyFraming::Kind::until_close, 0};
}

bool keeps_alive(const MessageHead& head, int minor_version) {
  const std::string connection = base::to_lower(head.field("connection").value_or(""));
  if (connection.find("close") != std::string::npos) return false;
  return minor_version == 1 || connection.find("keep-alive") != std::string::npos;
}

void remove_hop_by_hop(MessageHead& head) {
  if (const auto connection = head.field("connection")) {
    for (const std::string& name : base::split(*connection, ',')) {
      const std::string_view named = base::trim(name);
      // These decide where the body ends: nobody may name them away.
      const bool framing = base::equals_ignoring_case(named, "content-length") ||
                           base::equals_ignoring_case(named, "transfer-encoding") ||
                           base::equals_ignoring_case(named, "host");
      if (!framing) head.remove(named);
    }
  }
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "te", "upgrade"})
    head.remove(name);
}

base::Result<void> ChunkScanner::end_of_line() {
  if (state_ == State::payload_end) {
    if (!line_.empty()) return malformed("a chunk is longer than its size");
    state_ = State::size_line;
  } else if (state_ == State::trailer_line) {
    if (line_.empty()) state_ = State::done;
  } else {
    // Passed on as they came: what two readers could read differently is refused.
    const std::string_view size = std::string_view(line_).substr(0, line_.find(';'));
    if (size.empty() || size.size() > 15 ||
        size.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
      return malformed("a chunk size");
    }
    left_ = std::stoull(std::string(size), nullptr, 16);
    state_ = left_ == 0 ? State::trailer_line : State::payload;
  }
  line_.clear();
  return {};
}

base::Result<std::size_t> ChunkScanner::feed(std::string_view bytes, std::string* payload) {
  std::size_t at = 0;
  while (at < bytes.size() && state_ != State::done) {
    if (state_ == State::payload) {
      const std::size_t count = std::min<std::uint64_t>(left_, bytes.size() - at);
      if (payload != nullptr) payload->append(bytes.substr(at, count));
      at += count;
      left_ -= count;
      if (left_ == 0) state_ = State::payload_end;
      continue;
    }
    const char byte = bytes[at++];
    if (byte == '\n') {
      if (!line_.ends_with('\r')) return malformed("a line of a chunked body without CR");
      line_.pop_back();
      if (has_control_character(line_)) return malformed("a control character in a chunk line");
      TRY(end_of_line());
      continue;
    }
    line_ += byte;
    if (line_.size() > kLongestLine) return malformed("a chunk line is longer than 16 KiB");
  }
  return at;
}

std::string simple_response(int status, std::string_view reason, std::string_view body, bool keep_alive) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: "
      "{}\r\n\r\n{}",
      status, reason, body.size(), keep_alive ? "keep-alive" : "close", body);
}

}  // namespace emulator
