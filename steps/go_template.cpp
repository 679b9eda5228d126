#include "steps/go_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/strings.h"
#include "steps/go_template_functions.h"
#include "steps/go_template_words.h"

namespace steps {
namespace {

using base::Json;
using base::Result;
using WordKind = TemplateWord::Kind;
using TemplateWords = std::vector<TemplateWord>;

constexpr std::size_t kMostTemplateText = 1U << 20;  // ranges within ranges multiply
constexpr int kDeepestTemplate = 50;

base::Error bad_template(std::string_view why) {
  return base::invalid_input(fmt::format("template parsing error: {}", why));
}

/// Text, or an action with what it is about and what stands between it and its `end`.
struct TemplateNode {
  enum class What { text, output, branch_if, branch_with, branch_range } what = What::text;
  std::string text = {};
  TemplateWords words = {};
  std::vector<TemplateNode> body = {};
  std::vector<TemplateNode> otherwise = {};
};
using TemplateNodes = std::vector<TemplateNode>;

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : rest_(text) {}

  Result<TemplateNodes> parse() {
    TRY(auto nodes, block(0));
    if (!ended_by_.empty()) return bad_template(fmt::format("unexpected {{{{{}}}}}", ended_by_));
    return nodes;
  }

 private:
  /// Up to the `end` or `else` that is not its own, which is in ended_by_ then; or to the end of the text.
  Result<TemplateNodes> block(int depth) {
    if (depth > kDeepestTemplate) return bad_template("blocks are nested too deep");
    TemplateNodes nodes;
    ended_by_.clear();
    while (!rest_.empty()) {
      const auto begin = rest_.find("{{");
      auto text = rest_.substr(0, begin);
      rest_.remove_prefix(std::min(begin, rest_.size()));
      if (trims_next_) text = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
      trims_next_ = false;
      if (rest_.empty()) {
        nodes.push_back({.text = std::string(text)});
        break;
      }
      TRY(const auto action, next_action());
      if (trims_before_) text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
      nodes.push_back({.text = std::string(text)});
      if (action == "end" || action == "else" || action.starts_with("else ")) {
        ended_by_ = action;
        return nodes;
      }
      if (action.empty() || action.starts_with("/*")) continue;
      TRY(auto node, node_of(action, depth));
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  Result<TemplateNode> node_of(std::string_view action, int depth) {
    using What = TemplateNode::What;
    for (const auto& [keyword, what] : {std::pair<std::string_view, What>("if ", What::branch_if),
                                        {"with ", What::branch_with},
                                        {"range ", What::branch_range}}) {
      if (!action.starts_with(keyword)) continue;
      TemplateNode node{.what = what};
      TRY(node.words, template_words(action.substr(keyword.size())));
      TRY(node.body, block(depth + 1));
      if (ended_by_ == "else") {
        TRY(node.otherwise, block(depth + 1));
      } else if (ended_by_.starts_with("else ")) {
        const std::string chained(base::trim(std::string_view(ended_by_).substr(5)));
        TRY(auto other, node_of(chained, depth + 1));
        node.otherwise.push_back(std::move(other));
        ended_by_ = "end";  // of all of them
      }
      if (ended_by_ != "end") return bad_template("unexpected EOF: an {{end}} is missing");
      ended_by_.clear();
      return node;
    }
    TemplateNode node{.what = What::output};
    TRY(node.words, template_words(action));
    return node;
  }

  /// What stands between the braces, without `- ` and ` -` that take blanks beside them away.
  Result<std::string> next_action() {
    const auto end = rest_.find("}}");
    if (end == std::string_view::npos) return bad_template("unclosed action: '{{' without '}}'");
    auto action = rest_.substr(2, end - 2);
    rest_.remove_prefix(end + 2);
    trims_before_ = action.starts_with("- ");
    if (trims_before_) action.remove_prefix(2);
    trims_next_ = action.ends_with(" -");
    if (trims_next_) action.remove_suffix(2);
    return std::string(base::trim(action));
  }

  std::string_view rest_;
  std::string ended_by_;
  bool trims_before_ = false;
  bool trims_next_ = false;
};

struct TemplateScope {
  const Json& data;  ///< `$`
  std::vector<std::pair<std::string, Json>> variables;
};

/// One pipeline over its words.
class Pipeline {
 public:
  Pipeline(const TemplateWords& words, std::size_t at, const Json& dot, const TemplateScope& scope)
      : words_(words), at_(at), dot_(dot), scope_(scope) {}

  Result<Json> whole() {
    TRY(auto value, pipeline(0));
    if (at_ != words_.size()) return bad_template(fmt::format("unexpected `{}`", words_[at_].text));
    return value;
  }

 private:
  [[nodiscard]] bool is(WordKind kind) const { return at_ < words_.size() && words_[at_].kind == kind; }

  Result<Json> pipeline(int depth) {
    if (depth > kDeepestTemplate) return bad_template("parentheses are nested too deep");
    TRY(auto value, command({}, depth));
    while (is(WordKind::pipe)) {
      ++at_;
      TRY(value, command(std::move(value), depth));
    }
    return value;
  }

  /// `piped` becomes the last argument.
  Result<Json> command(std::optional<Json> piped, int depth) {
    if (at_ == words_.size()) return bad_template("missing value for command");
    const bool is_call = is(WordKind::name) && words_[at_].text != "true" && words_[at_].text != "false" &&
                         words_[at_].text != "nil";
    const std::string function = is_call ? words_[at_++].text : "";
    std::vector<Json> arguments;
    while (at_ < words_.size() && !is(WordKind::pipe) && !is(WordKind::close)) {
      TRY(auto argument, operand(depth));
      arguments.push_back(std::move(argument));
    }
    if (piped) arguments.push_back(std::move(*piped));
    if (is_call) return call_template_function(function, arguments);
    if (arguments.size() != 1) return bad_template("can't give argument to non-function");
    return std::move(arguments[0]);
  }

  Result<Json> operand(int depth) {
    const TemplateWord word = words_[at_++];
    switch (word.kind) {
      case WordKind::text:
        return Json(word.text);
      case WordKind::number:
        return base::parse_json(word.text);
      case WordKind::field:
        return follow(dot_, word.text);
      case WordKind::variable:
        return variable(word.text);
      case WordKind::name:
        if (word.text == "nil") return Json();
        if (word.text == "true" || word.text == "false") return Json(word.text == "true");
        return call_template_function(word.text, {});
      case WordKind::open:
        return parenthesized(depth);
      default:
        return bad_template(fmt::format("unexpected `{}`", word.text));
    }
  }

  Result<Json> parenthesized(int depth) {
    TRY(auto value, pipeline(depth + 1));
    if (!is(WordKind::close)) return bad_template("unclosed left paren");
    ++at_;
    if (!is(WordKind::field) || !words_[at_].glued) return value;
    return follow(value, words_[at_++].text);
  }

  [[nodiscard]] Result<Json> variable(const std::string& text) const {
    const auto dot = text.find('.');
    const auto name = text.substr(0, dot);
    const Json* value = name == "$" ? &scope_.data : nullptr;
    for (const auto& [known, its_value] : scope_.variables) {
      if (known == name) value = &its_value;
    }
    if (value != nullptr) return dot == std::string::npos ? *value : follow(*value, text.substr(dot));
    return bad_template(fmt::format("undefined variable \"{}\"", text));
  }

  /// `.A.B`; what is not there has no fields either. All that the data has is in it: a field that it lacks is
  /// a mistake. Below, a member may be there at times only.
  [[nodiscard]] Result<Json> follow(const Json& from, const std::string& path) const {
    const Json* current = &from;
    for (const auto& part : base::split(path, '.')) {
      if (part.empty()) continue;
      if (!current->is_object())
        return bad_template(
            fmt::format("executing \"\" at <{}>: there is nothing to take {} of", path, part));
      if (current == &scope_.data && !current->contains(part))
        return bad_template(fmt::format("executing \"\" at <{}>: can't evaluate field {}", path, part));
      current = &base::json_member(*current, part);
    }
    return *current;
  }

  const TemplateWords& words_;
  std::size_t at_;
  const Json& dot_;
  const TemplateScope& scope_;
};

class TemplateRun {
 public:
  explicit TemplateRun(const Json& data) : scope_{data, {}} {}

  Result<void> run(const TemplateNodes& nodes, const Json& dot) {
    for (const auto& node : nodes) {
      if (text_.size() > kMostTemplateText) return bad_template("its text is longer than 1 MiB");
      TRY(carry_out(node, dot));
    }
    return {};
  }
  std::string take() { return std::move(text_); }

 private:
  using What = TemplateNode::What;

  Result<void> carry_out(const TemplateNode& node, const Json& dot) {
    if (node.what == What::text) {
      text_ += node.text;
      return {};
    }
    const auto names = declared(node.words);
    const auto known = scope_.variables.size();
    TRY(const auto value, Pipeline(node.words, names.empty() ? 0 : 2 * names.size(), dot, scope_).whole());
    if (node.what == What::output) {
      if (names.empty()) {
        text_ += shown_value(value);
      } else {
        set(node.words, names[0], value);
      }
      return {};
    }
    auto done =
        node.what == What::branch_range ? repeat(node, names, value, dot) : choose(node, names, value, dot);
    scope_.variables.resize(known);
    return done;
  }

  /// The variables before `:=` or `=`.
  static std::vector<std::string> declared(const TemplateWords& words) {
    const auto is = [&](std::size_t at, WordKind kind) {
      return at < words.size() && words[at].kind == kind;
    };
    if (!is(0, WordKind::variable)) return {};
    if (is(1, WordKind::declare) || is(1, WordKind::assign)) return {words[0].text};
    if (is(1, WordKind::comma) && is(2, WordKind::variable) && is(3, WordKind::declare))
      return {words[0].text, words[2].text};
    return {};
  }

  void set(const TemplateWords& words, const std::string& name, const Json& value) {
    for (auto known = scope_.variables.rbegin();
         words[1].kind == WordKind::assign && known != scope_.variables.rend(); ++known) {
      if (known->first != name) continue;
      known->second = value;
      return;
    }
    scope_.variables.emplace_back(name, value);
  }

  Result<void> choose(const TemplateNode& node, const std::vector<std::string>& names, const Json& value,
                      const Json& dot) {
    if (!names.empty()) scope_.variables.emplace_back(names[0], value);
    const bool taken = is_true_value(value);
    return run(taken ? node.body : node.otherwise, taken && node.what == What::branch_with ? value : dot);
  }

  Result<void> repeat(const TemplateNode& node, const std::vector<std::string>& names, const Json& value,
                      const Json& dot) {
    if (!is_true_value(value)) return run(node.otherwise, dot);
    if (!value.is_structured())
      return bad_template(fmt::format("range can't iterate over {}", shown_value(value)));
    std::size_t number = 0;
    for (const auto& [key, part] : value.items()) {
      const auto known = scope_.variables.size();
      const Json place = value.is_array() ? Json(number++) : Json(key);
      if (names.size() == 2) scope_.variables.emplace_back(names[0], place);
      if (!names.empty()) scope_.variables.emplace_back(names.back(), part);
      TRY(run(node.body, part));
      scope_.variables.resize(known);
    }
    return {};
  }

  TemplateScope scope_;
  std::string text_;
};

}  // namespace

Result<std::string> format_by_template(std::string_view text, const Json& data) {
  TRY(const auto nodes, TemplateParser(text).parse());
  TemplateRun run(data);
  TRY(run.run(nodes, data));
  return run.take();
}

}  // namespace steps
