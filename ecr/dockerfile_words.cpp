// Words of a Dockerfile: quotes, escapes and variables, as BuildKit's shell lexer reads them.
#include <fmt/format.h>

#include "ecr/dockerfile.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

bool is_name_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Walks a text once, giving out words. Text of variables is never split nor expanded again.
class WordReader {
 public:
  WordReader(std::string_view text, const VariableLookup& lookup, char escape)
      : text_(text), lookup_(lookup), escape_(escape) {}

  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[position_])) ++position_;
  }

  /// All of it, with quotes as text.
  Result<std::string> document() {
    std::string result;
    while (!at_end()) {
      const char c = text_[position_];
      if (c == '$') {
        TRY(const auto value, variable(0));
        result += value;
      } else if (c == escape_ && position_ + 1 < text_.size() && text_[position_ + 1] == '$') {
        result += '$';
        position_ += 2;
      } else {
        result += c;
        ++position_;
      }
    }
    return result;
  }

  /// Up to an unquoted blank (when `stops_at_blank`), an unquoted '}' (in a `${…}`) or the end.
  Result<std::string> word(bool stops_at_blank, bool stops_at_brace, int depth = 0) {
    if (depth > kDeepest) return make_error(ErrorKind::invalid_input, "variables are nested too deep");
    std::string result;
    while (!at_end()) {
      const char c = text_[position_];
      if ((stops_at_blank && is_blank(c)) || (stops_at_brace && c == '}')) break;
      if (c == '\'') {
        TRY(const auto quoted, single_quoted());
        result += quoted;
      } else if (c == '"') {
        TRY(const auto quoted, double_quoted(depth));
        result += quoted;
      } else if (c == '$') {
        TRY(const auto value, variable(depth));
        result += value;
      } else if (c == escape_) {
        if (++position_ < text_.size()) result += text_[position_++];
      } else {
        result += c;
        ++position_;
      }
    }
    return result;
  }

 private:
  static constexpr int kDeepest = 20;

  Result<std::string> single_quoted() {
    const auto end = text_.find('\'', position_ + 1);
    if (end == std::string_view::npos) return make_error(ErrorKind::invalid_input, "a ' is not closed");
    std::string result(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return result;
  }

  Result<std::string> double_quoted(int depth) {
    std::string result;
    ++position_;
    while (!at_end()) {
      const char c = text_[position_];
      if (c == '"') {
        ++position_;
        return result;
      }
      if (c == '$') {
        TRY(const auto value, variable(depth));
        result += value;
        continue;
      }
      if (c == escape_ && position_ + 1 < text_.size()) {
        const char next = text_[position_ + 1];
        // Elsewhere the escape character stands for itself.
        if (next != '"' && next != '$' && next != escape_) result += c;
        result += next;
        position_ += 2;
        continue;
      }
      result += c;
      ++position_;
    }
    return make_error(ErrorKind::invalid_input, "a \" is not closed");
  }

  Result<std::string> variable(int depth) {
    ++position_;
    if (at_end()) return std::string("$");
    if (text_[position_] == '{') return braced(depth);
    const auto name = read_name();
    if (name.empty()) return std::string("$");
    return lookup_(name).value_or("");
  }

  std::string read_name() {
    const auto start = position_;
    if (!at_end() && is_name_start(text_[position_])) {
      while (!at_end() && is_name_part(text_[position_])) ++position_;
    }
    return std::string(text_.substr(start, position_ - start));
  }

  Result<std::string> braced(int depth) {
    ++position_;
    const auto name = read_name();
    if (name.empty()) return make_error(ErrorKind::invalid_input, "expected a variable's name after ${");
    std::string modifier;
    while (!at_end() && text_[position_] != '}' && modifier.size() < 2) {
      const char c = text_[position_];
      const bool first = modifier.empty();
      if (!(first ? (c == ':' || c == '-' || c == '+' || c == '?')
                  : (modifier == ":" && (c == '-' || c == '+' || c == '?'))))
        break;
      modifier += c;
      ++position_;
    }
    if (modifier == ":" || (modifier.empty() && (at_end() || text_[position_] != '}'))) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("${{{}…}}: expected }} or one of the modifiers :- :+ :? - + ?", name));
    }
    TRY(const auto word_after, word(false, true, depth + 1));
    if (at_end()) return make_error(ErrorKind::invalid_input, fmt::format("${{{} is not closed", name));
    ++position_;
    return modified(name, modifier, word_after);
  }

  Result<std::string> modified(const std::string& name, const std::string& modifier,
                               const std::string& word) {
    const auto value = lookup_(name);
    if (modifier.empty()) return value.value_or("");
    const bool counts = value && (modifier[0] != ':' || !value->empty());
    switch (modifier.back()) {
      case '-':
        return counts ? *value : word;
      case '+':
        return counts ? word : std::string();
      default:
        break;
    }
    if (counts) return *value;
    return make_error(ErrorKind::invalid_input,
                      fmt::format("{}: {}", name, word.empty() ? "is not set" : word));
  }

  std::string_view text_;
  const VariableLookup& lookup_;
  char escape_;
  std::size_t position_ = 0;
};

}  // namespace

Result<std::string> expand_word(std::string_view word, const VariableLookup& lookup, char escape) {
  return WordReader(word, lookup, escape).word(false, false).while_doing(fmt::format("reading `{}`", word));
}

Result<std::vector<std::string>> expand_words(std::string_view text, const VariableLookup& lookup,
                                              char escape) {
  std::vector<std::string> words;
  WordReader reader(text, lookup, escape);
  while (true) {
    reader.skip_blanks();
    if (reader.at_end()) return words;
    TRY(auto word, reader.word(true, false));
    words.push_back(std::move(word));
  }
}

Result<std::string> expand_text(std::string_view text, const VariableLookup& lookup, char escape) {
  return WordReader(text, lookup, escape).document();
}

std::vector<std::string> split_raw_words(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool started = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      word += c;
      word += text[++i];
      started = true;
    } else if (quote == 0 && is_blank(c)) {
      if (started) words.push_back(std::move(word));
      word.clear();
      started = false;
    } else {
      if (quote == 0 && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      }
      word += c;
      started = true;
    }
  }
  if (started) words.push_back(std::move(word));
  return words;
}

}  // namespace ecr
