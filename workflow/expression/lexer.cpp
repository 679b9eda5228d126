#include "workflow/expression/lexer.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

#include "workflow/expression/characters.h"

namespace workflow::expression {

namespace {

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_name_part(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// Where one token must end: white space or a character that starts another.
bool is_boundary(std::string_view text, std::size_t at) {
  return white_space_at(text, at) > 0 ||
         std::string_view("()[],.!<>=&|'").find(text[at]) != std::string_view::npos;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  base::Result<std::vector<Token>> run() {
    while (true) {
      if (at_ == text_.size()) break;
      if (const auto length = white_space_at(text_, at_); length > 0) {
        at_ += length;
        continue;
      }
      TRY(read_token());
    }
    tokens_.push_back({.kind = TokenKind::end, .offset = at_});
    return std::move(tokens_);
  }

 private:
  base::Result<void> read_token() {
    const char c = text_[at_];
    if (c == '\'') return read_string();
    if (c == '.') {
      // A dot after a value dereferences; else it starts a number.
      const bool after_value = !tokens_.empty() && ends_value(tokens_.back().kind);
      if (!after_value) return read_number();
      return add(TokenKind::dot, 1);
    }
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+') return read_number();
    if (is_name_start(c)) return read_name();
    return read_symbol(c);
  }

  static bool ends_value(TokenKind kind) {
    return kind == TokenKind::name || kind == TokenKind::property || kind == TokenKind::wildcard ||
           kind == TokenKind::end_group || kind == TokenKind::end_index;
  }

  base::Result<void> read_symbol(char c) {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    switch (c) {
      case '(':
        return add(TokenKind::start_group, 1);
      case ')':
        return add(TokenKind::end_group, 1);
      case '[':
        return add(TokenKind::start_index, 1);
      case ']':
        return add(TokenKind::end_index, 1);
      case ',':
        return add(TokenKind::comma, 1);
      case '*':
        return add(TokenKind::wildcard, 1);
      case '!':
        return next == '=' ? add(TokenKind::not_equal, 2) : add(TokenKind::bang, 1);
      case '<':
        return next == '=' ? add(TokenKind::less_equal, 2) : add(TokenKind::less, 1);
      case '>':
        return next == '=' ? add(TokenKind::greater_equal, 2) : add(TokenKind::greater, 1);
      case '=':
        if (next == '=') return add(TokenKind::equal, 2);
        break;
      case '&':
        if (next == '&') return add(TokenKind::logical_and, 2);
        break;
      case '|':
        if (next == '|') return add(TokenKind::logical_or, 2);
        break;
      default:
        break;
    }
    std::size_t end = at_ + 1;
    while (end < text_.size() && !is_boundary(text_, end)) ++end;
    return unexpected_symbol(text_.substr(at_, end - at_), at_, text_);
  }

  base::Result<void> read_string() {
    std::string value;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] != '\'') {
        value += text_[i];
      } else if (i + 1 < text_.size() && text_[i + 1] == '\'') {
        value += '\'';
        ++i;
      } else {
        return add(TokenKind::string, i + 1 - at_, Value(std::move(value)));
      }
    }
    return unexpected_symbol(text_.substr(at_), at_, text_);
  }

  base::Result<void> read_number() {
    std::size_t end = at_ + 1;
    // A dot belongs to the number; so does a sign after an exponent.
    while (end < text_.size() && (!is_boundary(text_, end) || text_[end] == '.')) ++end;
    const auto symbol = text_.substr(at_, end - at_);
    const double number = Value(symbol).to_number();
    const bool named = symbol.ends_with("Infinity") || symbol.ends_with("NaN");
    if (std::isnan(number) && !named) return unexpected_symbol(symbol, at_, text_);
    return add(TokenKind::number, symbol.size(), Value(number));
  }

  base::Result<void> read_name() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && !is_boundary(text_, end)) ++end;
    const auto word = text_.substr(at_, end - at_);
    for (const char c : word) {
      if (!is_name_part(c)) return unexpected_symbol(word, at_, text_);
    }
    if (!tokens_.empty() && tokens_.back().kind == TokenKind::dot)
      return add(TokenKind::property, word.size());
    if (word == "null") return add(TokenKind::null, word.size());
    if (word == "true" || word == "false") return add(TokenKind::boolean, word.size(), Value(word == "true"));
    if (word == "NaN" || word == "Infinity")
      return add(TokenKind::number, word.size(), Value(Value(word).to_number()));
    return add(TokenKind::name, word.size());
  }

  base::Result<void> add(TokenKind kind, std::size_t length, Value value = {}) {
    tokens_.push_back({kind, at_, std::string(text_.substr(at_, length)), std::move(value)});
    at_ += length;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

base::Result<std::vector<Token>> tokenize(std::string_view text) {
  return Lexer(text).run();
}

base::Error unexpected_symbol(std::string_view symbol, std::size_t offset, std::string_view expression) {
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("Unexpected symbol: '{}'. Located at position {} within expression: {}",
                                      symbol, offset + 1, expression));
}

}  // namespace workflow::expression
