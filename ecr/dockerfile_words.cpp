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
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
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
      } else if (c == escape_ && position_ + 1 < text_.size()) {
        result += text_[position_ + 1];
        position_ += 2;
      } else {
        result += c;
        ++position_;
      }
    }
    return result;
  }

  /// Where a word ends, and whether escape characters stay in it.
  struct Bounds {
    bool at_blank = false;
    char stop = 0;  ///< an unquoted one; 0 is none
    bool keeps_escapes = false;
  };

  Result<std::string> word(const Bounds& bounds, int depth = 0) {
    if (depth > kDeepest) return make_error(ErrorKind::invalid_input, "variables are nested too deep");
    std::string result;
    while (!at_end()) {
      const char c = text_[position_];
      if ((bounds.at_blank && is_blank(c)) || (bounds.stop != 0 && c == bounds.stop)) break;
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
        if (bounds.keeps_escapes) result += c;
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

  // Numbers and the shell's special parameters are names too, which nothing has a value for.
  std::string read_name() {
    const auto start = position_;
    if (at_end()) return "";
    const char first = text_[position_];
    if (is_name_start(first)) {
      while (!at_end() && is_name_part(text_[position_])) ++position_;
    } else if (is_digit(first)) {
      while (!at_end() && is_digit(text_[position_])) ++position_;
    } else if (std::string_view("@*#?-$!").find(first) != std::string_view::npos) {
      ++position_;
    }
    return std::string(text_.substr(start, position_ - start));
  }

  bool take(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  base::Error not_closed(const std::string& name, char missing) const {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("${{{} is not closed: {} is missing", name, missing));
  }

  Result<std::string> braced(int depth) {
    ++position_;
    const auto name = read_name();
    if (name.empty()) return make_error(ErrorKind::invalid_input, "expected a variable's name after ${");
    if (take('}')) return lookup_(name).value_or("");
    std::string modifier;
    if (take(':')) modifier = ":";
    for (const char kind : {'-', '+', '?', '#', '%', '/'}) {
      if (!take(kind)) continue;
      modifier += kind;
      break;
    }
    const bool has_pattern = modifier == "#" || modifier == "%" || modifier == "/";
    const bool has_word = modifier.find_first_of("-+?") != std::string::npos;
    if (at_end() && modifier.empty()) return not_closed(name, '}');
    if (!has_pattern && !has_word) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("${{{}…}}: expected }} or one of the modifiers :- :+ :? - + ? # ## % %% / //", name));
    }
    if (has_pattern && take(modifier[0])) modifier += modifier[0];
    TRY(const auto word_after,
        word({.stop = modifier[0] == '/' ? '/' : '}', .keeps_escapes = has_pattern}, depth + 1));
    if (!take(modifier[0] == '/' ? '/' : '}')) return not_closed(name, modifier[0] == '/' ? '/' : '}');
    if (modifier[0] == '/') {
      TRY(const auto replacement, word({.stop = '}', .keeps_escapes = true}, depth + 1));
      if (!take('}')) return not_closed(name, '}');
      return with_replacement(lookup_(name).value_or(""), modifier, word_after, replacement);
    }
    if (has_pattern) return without_pattern(lookup_(name).value_or(""), modifier, word_after);
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
  return WordReader(word, lookup, escape).word({}).while_doing(fmt::format("reading `{}`", word));
}

Result<std::vector<std::string>> expand_words(std::string_view text, const VariableLookup& lookup,
                                              char escape) {
  std::vector<std::string> words;
  WordReader reader(text, lookup, escape);
  while (true) {
    reader.skip_blanks();
    if (reader.at_end()) return words;
    TRY(auto word, reader.word({.at_blank = true}));
    words.push_back(std::move(word));
  }
}

Result<std::string> expand_text(std::string_view text, const VariableLookup& lookup) {
  return WordReader(text, lookup, '\\').document();
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
