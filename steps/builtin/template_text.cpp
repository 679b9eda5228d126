#include "steps/builtin/template_text.h"

#include <fmt/format.h>

#include <utility>

#include "base/strings.h"

namespace steps::builtin {
namespace {

/// Handlebars writes values as HTML, whatever they are for.
constexpr std::pair<char, std::string_view> kHtmlEntities[] = {
    {'&', "&amp;"},   {'<', "&lt;"},   {'>', "&gt;"},  {'"', "&quot;"},
    {'\'', "&#x27;"}, {'`', "&#x60;"}, {'=', "&#x3D;"}};

/// A word, or the text between quotes; takes it off the front.
base::Result<std::string> next_literal(std::string_view& rest) {
  if (rest.starts_with('\'') || rest.starts_with('"')) {
    const std::size_t end = rest.find(rest.front(), 1);
    if (end == std::string_view::npos) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("a quote is not closed in the expression '{}'", rest));
    }
    std::string text(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return text;
  }
  const std::size_t end = rest.find_first_of(" \t\n=");
  std::string text(rest.substr(0, end));
  rest.remove_prefix(text.size());
  return text;
}

base::Result<TemplateExpression> parse_expression(std::string_view text) {
  TemplateExpression expression;
  std::string_view rest = base::trim(text);
  if (rest.find_first_of("(|") != std::string_view::npos || rest.starts_with('>')) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the template expression '{{{{{}}}}}' is not supported", text));
  }
  TRY(expression.name, next_literal(rest));
  for (rest = base::trim(rest); !rest.empty(); rest = base::trim(rest)) {
    const bool quoted = rest.starts_with('\'') || rest.starts_with('"');
    TRY(std::string word, next_literal(rest));
    if (!quoted && rest.starts_with('=')) {
      rest.remove_prefix(1);
      TRY(expression.named[word], next_literal(rest));
    } else {
      expression.arguments.push_back({std::move(word), !quoted});
    }
  }
  return expression;
}

class TemplateReader {
 public:
  TemplateReader(std::string_view text, const TemplateValues& values) : rest_(text), values_(values) {}

  base::Result<std::string> read() {
    TRY(std::string result, read_until_close(Shown::yes));
    if (!closed_by_.empty()) return unexpected(closed_by_);
    return result;
  }

 private:
  enum class Shown { yes, no };
  static constexpr int kDeepestBlocks = 50;

  static base::Error unexpected(std::string_view tag) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("'{{{{{}}}}}' stands where no block is open in the template", tag));
  }

  /// Up to `{{/…}}` or `{{else}}`, which closed_by_ then names.
  base::Result<std::string> read_until_close(Shown shown) {
    std::string result;
    closed_by_.clear();
    while (!rest_.empty()) {
      const std::size_t begin = rest_.find("{{");
      if (shown == Shown::yes) result += rest_.substr(0, begin);
      if (begin == std::string_view::npos) {
        rest_ = {};
        break;
      }
      rest_.remove_prefix(begin);
      TRY(const Tag tag, next_tag());
      if (tag.text.starts_with('!')) continue;
      if (tag.text.starts_with('/') || tag.text == "else") {
        closed_by_ = tag.text;
        return result;
      }
      TRY(const std::string piece, tag.text.starts_with('#') ? block(tag.text, shown) : value(tag, shown));
      result += piece;
    }
    return result;
  }

  struct Tag {
    std::string text;
    bool raw = false;  ///< `{{{…}}}`
  };
  base::Result<Tag> next_tag() {
    const bool raw = rest_.starts_with("{{{");
    const std::string_view close = raw ? "}}}" : "}}";
    const std::size_t end = rest_.find(close);
    if (end == std::string_view::npos) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("'{}' is not closed in the template", base::clipped(rest_, 60)));
    }
    const std::size_t begin = raw ? 3 : 2;
    Tag tag{std::string(base::trim(rest_.substr(begin, end - begin))), raw};
    rest_.remove_prefix(end + close.size());
    return tag;
  }

  base::Result<std::string> value(const Tag& tag, Shown shown) {
    if (shown == Shown::no) return std::string();
    TRY(const auto expression, parse_expression(tag.text));
    TRY(const auto found, values_(expression));
    if (!found && !(expression.arguments.empty() && expression.named.empty())) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("Missing helper: \"{}\"", expression.name));
    }
    if (!found) return std::string();
    return tag.raw ? *found : base::replace_characters(*found, kHtmlEntities);
  }

  base::Result<std::string> block(const std::string& opened, Shown shown) {
    TRY(const auto expression, parse_expression(std::string_view(opened).substr(1)));
    const bool known = expression.name == "if" || expression.name == "unless";
    if (!known || expression.arguments.size() != 1) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("the template block '{{{{{}}}}}' is not supported", opened));
    }
    if (++depth_ > kDeepestBlocks)
      return base::make_error(base::ErrorKind::invalid_input, "the template's blocks are nested too deep");
    TRY(const auto found, values_({expression.arguments[0].text, {}, {}}));
    const bool holds = (found && !found->empty()) == (expression.name == "if");
    const auto when = [shown](bool wanted) { return wanted && shown == Shown::yes ? Shown::yes : Shown::no; };
    TRY(std::string result, read_until_close(when(holds)));
    if (closed_by_ == "else") {
      TRY(const std::string other, read_until_close(when(!holds)));
      result += other;
    }
    if (closed_by_ != "/" + expression.name) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("'{{{{{}}}}}' is not closed in the template", opened));
    }
    closed_by_.clear();
    --depth_;
    return result;
  }

  std::string_view rest_;
  const TemplateValues& values_;
  std::string closed_by_;
  int depth_ = 0;
};

}  // namespace

base::Result<std::string> render_template(std::string_view text, const TemplateValues& values) {
  return TemplateReader(text, values).read();
}

bool is_only_expression(std::string_view text, std::string_view name) {
  for (const auto& [open, close] : {std::pair("{{{", "}}}"), std::pair("{{", "}}")}) {
    const std::string_view opening(open);
    if (!text.starts_with(opening) || !text.ends_with(close) || text.size() < 2 * opening.size()) continue;
    return base::trim(text.substr(opening.size(), text.size() - 2 * opening.size())) == name;
  }
  return false;
}

}  // namespace steps::builtin
