#include "aws/xml.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

constexpr int kDeepest = 60;

class XmlReader {
 public:
  explicit XmlReader(std::string_view text) : text_(text) {}

  base::Result<base::Json> read_document() {
    TRY(skip_misc());
    if (!starts_with("<")) return fault("expected an element");
    base::Json document = base::Json::object();
    TRY(read_element(document, 0));
    TRY(skip_misc());
    if (at_ != text_.size()) return fault("expected the end");
    return document;
  }

 private:
  [[nodiscard]] bool starts_with(std::string_view prefix) const {
    return text_.substr(at_).starts_with(prefix);
  }
  [[nodiscard]] base::Error fault(std::string_view what) const {
    return base::make_error(base::ErrorKind::remote,
                            fmt::format("the XML answer is damaged at byte {}: {}", at_, what));
  }
  base::Result<void> skip_past(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) return fault(fmt::format("expected '{}'", end));
    at_ = found + end.size();
    return {};
  }
  base::Result<void> skip_misc() {
    while (at_ < text_.size()) {
      if (starts_with("<?")) {
        TRY(skip_past("?>"));
      } else if (starts_with("<!--")) {
        TRY(skip_past("-->"));
      } else if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        break;
      }
    }
    return {};
  }

  base::Result<std::string> read_entity() {
    const std::size_t end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 12) return fault("an & that begins no entity");
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (name == "lt") return std::string("<");
    if (name == "gt") return std::string(">");
    if (name == "amp") return std::string("&");
    if (name == "quot") return std::string("\"");
    if (name == "apos") return std::string("'");
    if (!name.starts_with('#')) return fault(fmt::format("unknown entity '{}'", name));
    std::uint32_t code = 0;
    const bool hexadecimal = name.starts_with("#x");
    for (const char c : name.substr(hexadecimal ? 2 : 1)) {
      const bool letter = hexadecimal && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
      if (!letter && (c < '0' || c > '9')) return fault("a character reference that is no number");
      code = code * (hexadecimal ? 16 : 10) +
             static_cast<std::uint32_t>(letter ? (c | 0x20) - 'a' + 10 : c - '0');
      if (code > 0x10FFFF) return fault("a character reference beyond Unicode");
    }
    return utf8(code);
  }
  static std::string utf8(std::uint32_t code) {
    const auto low = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), low(code)};
    if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), low(code >> 6), low(code)};
    return {static_cast<char>(0xF0 | (code >> 18)), low(code >> 12), low(code >> 6), low(code)};
  }

  static void add_member(base::Json& parent, const std::string& name, base::Json value) {
    if (name == "member") {
      if (!parent.is_array()) parent = base::Json::array();
      parent.push_back(std::move(value));
    } else if (!parent.is_object()) {
      parent = base::Json::object();
      parent[name] = std::move(value);
    } else if (!parent.contains(name)) {
      parent[name] = std::move(value);
    } else if (parent[name].is_array()) {
      parent[name].push_back(std::move(value));
    } else {
      base::Json first = std::move(parent[name]);
      parent[name] = base::Json::array({std::move(first), std::move(value)});
    }
  }

  /// From its '<' on, into `parent`.
  base::Result<void> read_element(base::Json& parent, int depth) {
    if (depth > kDeepest) return fault("nested too deep");
    const std::size_t start = at_ + 1;
    const std::size_t name_end = text_.find_first_of(" \t\r\n/>", start);
    if (name_end == std::string_view::npos || name_end == start) return fault("a tag without a name");
    const std::string name(text_.substr(start, name_end - start));
    if (name.front() == '!') return fault("a document type declaration, which is not read");
    at_ = name_end;
    TRY(skip_past(">"));
    if (text_[at_ - 2] == '/') {
      add_member(parent, name, "");
      return {};
    }
    base::Json value = nullptr;
    TRY(read_content(value, depth));
    if (!starts_with("</" + name)) return fault(fmt::format("expected </{}>", name));
    TRY(skip_past(">"));
    add_member(parent, name, std::move(value));
    return {};
  }

  base::Result<void> read_content(base::Json& value, int depth) {
    std::string words;
    while (at_ < text_.size() && !starts_with("</")) {
      if (starts_with("<!--")) {
        TRY(skip_past("-->"));
      } else if (starts_with("<![CDATA[")) {
        const std::size_t begin = at_ + 9;
        TRY(skip_past("]]>"));
        words += text_.substr(begin, at_ - 3 - begin);
      } else if (text_[at_] == '<') {
        TRY(read_element(value, depth + 1));
      } else if (text_[at_] == '&') {
        TRY(const std::string character, read_entity());
        words += character;
      } else {
        words += text_[at_++];
      }
    }
    if (value.is_null()) value = words;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<base::Json> parse_xml(std::string_view text) {
  return XmlReader(text).read_document();
}

}  // namespace aws
