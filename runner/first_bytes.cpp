#include "runner/first_bytes.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/strings.h"

namespace runner {

namespace {

using Verdict = FirstBytes::Verdict;

constexpr unsigned char kHandshakeRecord = 22;
constexpr unsigned char kClientHello = 1;
constexpr std::size_t kRecordHead = 5;
constexpr unsigned kServerNameExtension = 0;
constexpr std::size_t kLongestMethod = 16;

/// Takes numbers and pieces from the front; `ok` turns false where there is too little.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  unsigned number(int size) {
    unsigned value = 0;
    for (const char c : piece(static_cast<std::size_t>(size)))
      value = (value << 8U) | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view piece(std::size_t size) {
    if (size > bytes_.size()) {
      ok = false;
      bytes_ = {};
      return {};
    }
    const auto taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  /// A piece whose length stands before it.
  std::string_view counted(int size) { return piece(number(size)); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  bool ok = true;

 private:
  std::string_view bytes_;
};

FirstBytes named(std::string_view host) {
  std::string name = base::to_lower(base::trim(host));
  if (name.starts_with('[')) {
    name = name.substr(1, name.find(']') - 1);
  } else if (std::count(name.begin(), name.end(), ':') == 1) {
    name.resize(name.find(':'));
  }
  if (name.ends_with('.')) name.pop_back();
  return {Verdict::named, std::move(name)};
}

/// The handshake's bytes out of its records; nothing while a record is incomplete.
std::optional<std::string> handshake_of(std::string_view bytes, bool& broken) {
  std::string handshake;
  while (!bytes.empty()) {
    if (static_cast<unsigned char>(bytes[0]) != kHandshakeRecord) {
      broken = true;
      return std::nullopt;
    }
    if (bytes.size() < kRecordHead) return std::nullopt;
    const std::size_t size =
        (static_cast<unsigned char>(bytes[3]) << 8U) | static_cast<unsigned char>(bytes[4]);
    if (bytes.size() < kRecordHead + size) return std::nullopt;
    handshake += bytes.substr(kRecordHead, size);
    bytes.remove_prefix(kRecordHead + size);
    if (handshake.size() < 4) continue;
    Cursor head(handshake);
    head.piece(1);
    if (handshake.size() >= 4 + head.number(3)) return handshake;
  }
  return std::nullopt;
}

FirstBytes server_name_of(std::string_view handshake) {
  Cursor message(handshake);
  if (message.number(1) != kClientHello) return {Verdict::broken, ""};
  Cursor hello(message.counted(3));
  hello.piece(2 + 32);  // version and random
  hello.counted(1);     // session
  hello.counted(2);     // cipher suites
  hello.counted(1);     // compression
  if (!hello.ok) return {Verdict::broken, ""};
  if (hello.empty()) return {Verdict::unnamed, ""};
  Cursor extensions(hello.counted(2));
  while (hello.ok && extensions.ok && !extensions.empty()) {
    const unsigned type = extensions.number(2);
    Cursor extension(extensions.counted(2));
    if (type != kServerNameExtension) continue;
    Cursor names(extension.counted(2));
    const unsigned kind = names.number(1);
    const auto name = names.counted(2);
    if (!extension.ok || !names.ok || kind != 0 || !names.empty()) return {Verdict::broken, ""};
    return named(name);
  }
  return {hello.ok && extensions.ok ? Verdict::unnamed : Verdict::broken, ""};
}

FirstBytes tls_name(std::string_view bytes) {
  bool broken = false;
  const auto handshake = handshake_of(bytes, broken);
  if (broken) return {Verdict::broken, ""};
  if (!handshake) return {Verdict::more, ""};
  return server_name_of(*handshake);
}

/// The host of an absolute target (`http://host/…`) or of CONNECT (`host:port`); empty for a path.
std::string_view host_of_target(std::string_view method, std::string_view target) {
  if (method == "CONNECT") return target;
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return {};
  target.remove_prefix(scheme + 3);
  target = target.substr(0, target.find('/'));
  return target.substr(target.find('@') == std::string_view::npos ? 0 : target.find('@') + 1);
}

FirstBytes http_name(std::string_view bytes, std::size_t method_size) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    // Lines that end without a CR are read by some servers; a name must not hide in them.
    return {bytes.find("\n\n") == std::string_view::npos ? Verdict::more : Verdict::broken, ""};
  }
  const auto first_line_end = bytes.find("\r\n");
  const auto line = bytes.substr(0, first_line_end);
  auto target = line.substr(method_size + 1);
  target = target.substr(0, target.find(' '));
  std::string host(host_of_target(bytes.substr(0, method_size), target));
  std::string header;
  int headers = 0;
  for (const auto& text : base::split(bytes.substr(first_line_end + 2, end - first_line_end - 2), '\n')) {
    const auto colon = text.find(':');
    if (colon == std::string::npos || base::to_lower(base::trim(text.substr(0, colon))) != "host") continue;
    header = text.substr(colon + 1);
    ++headers;
  }
  if (headers > 1) return {Verdict::broken, ""};
  if (headers == 0 && host.empty()) return {Verdict::unnamed, ""};
  if (host.empty()) return named(header);
  auto by_target = named(host);
  if (headers == 1 && named(header).name != by_target.name) return {Verdict::broken, ""};
  return by_target;
}

}  // namespace

FirstBytes read_first_bytes(std::string_view bytes) {
  if (bytes.empty()) return {Verdict::more, ""};
  if (static_cast<unsigned char>(bytes[0]) == kHandshakeRecord) return tls_name(bytes);
  std::size_t size = 0;
  while (size < bytes.size() && size < kLongestMethod &&
         std::isupper(static_cast<unsigned char>(bytes[size])) != 0)
    ++size;
  if (size == bytes.size()) return {Verdict::more, ""};
  if (size == 0 || bytes[size] != ' ') return {Verdict::unnamed, ""};
  return http_name(bytes, size);
}

}  // namespace runner
