#include "steps/compose/dotenv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace steps::compose {

namespace {

using base::Result;

bool is_name(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
         });
}

class DotenvReader {
 public:
  DotenvReader(const std::string& file, std::string_view text, const Lookup& lookup)
      : file_(file), rest_(text), lookup_(lookup) {}

  Result<Variables> all() {
    while (!rest_.empty()) {
      ++line_;
      TRY(read_line(take_line()));
    }
    return std::move(found_);
  }

 private:
  std::string_view take_line() {
    const auto end = rest_.find('\n');
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return line;
  }

  Result<void> read_line(std::string_view line) {
    line = base::trim(line);
    if (line.empty() || line[0] == '#') return {};
    if (line.starts_with("export ")) line = base::trim(line.substr(7));
    const auto sign = line.find_first_of("=:");
    const std::string name(base::trim(line.substr(0, sign)));
    if (!is_name(name)) return wrong(fmt::format("expected NAME=VALUE, found '{}'", line));
    if (sign == std::string_view::npos) {
      if (auto value = lookup_(name)) found_.emplace_back(name, *value);
      return {};
    }
    const auto value = base::trim(line.substr(sign + 1));
    const char quote = value.empty() ? '\0' : value[0];
    if (quote == '\'' || quote == '"') return take_quoted(name, value.substr(1), quote);
    // A comment needs a blank before it.
    const auto comment = value.starts_with('#') ? 0 : value.find(" #");
    return take(name, base::trim(value.substr(0, comment)));
  }

  // May go on over several lines.
  Result<void> take_quoted(const std::string& name, std::string_view begin, char quote) {
    const int first = line_;
    std::string value;
    std::string_view line = begin;
    while (true) {
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == quote) return quote == '"' ? take(name, value) : keep(name, value);
        if (quote == '"' && line[i] == '\\' && i + 1 < line.size()) {
          value += escaped(line[++i]);
        } else {
          value += line[i];
        }
      }
      if (rest_.empty()) {
        line_ = first;
        return wrong(fmt::format("the quote of the value of {} is not closed", name));
      }
      value += '\n';
      line = take_line();
      ++line_;
    }
  }

  // A dollar stays one that is not looked at.
  static std::string escaped(char c) {
    switch (c) {
      case 'n':
        return "\n";
      case 'r':
        return "\r";
      case 't':
        return "\t";
      case '$':
        return "$$";
      default:
        return std::string(1, c);
    }
  }

  Result<void> take(const std::string& name, std::string_view value) {
    const Lookup both = [this](const std::string& wanted) { return look_up(wanted); };
    std::set<std::string> unset;
    auto text = interpolate(value, both, unset);
    if (!text) return wrong(text.error().message);
    return keep(name, std::move(*text));
  }

  Result<void> keep(const std::string& name, std::string value) {
    found_.emplace_back(name, std::move(value));
    return {};
  }

  std::optional<std::string> look_up(const std::string& wanted) const {
    if (auto value = lookup_(wanted)) return value;
    const auto own = std::find_if(found_.rbegin(), found_.rend(),
                                  [&](const auto& known) { return known.first == wanted; });
    return own == found_.rend() ? std::nullopt : std::optional(own->second);
  }

  base::Error wrong(std::string message) const {
    auto error = base::invalid_input(std::move(message));
    error.location = base::Location{file_, line_, 0};
    return error;
  }

  const std::string& file_;
  std::string_view rest_;
  const Lookup& lookup_;
  int line_ = 0;
  Variables found_;
};

}  // namespace

Result<Variables> read_dotenv(const std::string& file, std::string_view text, const Lookup& lookup) {
  return DotenvReader(file, text, lookup).all();
}

}  // namespace steps::compose
