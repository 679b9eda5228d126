#include "steps/go_template_words.h"

#include <fmt/format.h>

#include <cctype>

namespace steps {
namespace {

using base::Result;
using WordKind = TemplateWord::Kind;

bool is_template_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

class WordScanner {
 public:
  explicit WordScanner(std::string_view text) : text_(text) {}

  Result<std::vector<TemplateWord>> scan() {
    std::vector<TemplateWord> words;
    while (true) {
      const auto before = at_;
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
      if (at_ == text_.size()) return words;
      TRY(auto word, next());
      word.glued = before == at_word_ && !words.empty();
      words.push_back(std::move(word));
    }
  }

 private:
  Result<TemplateWord> next() {
    at_word_ = at_;
    const char c = text_[at_];
    if (c == '"' || c == '`') return quoted(c);
    if (c == '.' || c == '$') return path(c == '.' ? WordKind::field : WordKind::variable);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || (c == '-' && has_digit(at_ + 1))) {
      ++at_;
      while (has_digit(at_) || (at_ < text_.size() && text_[at_] == '.')) ++at_;
      return word(WordKind::number);
    }
    if (is_template_name(c)) {
      while (at_ < text_.size() && is_template_name(text_[at_])) ++at_;
      return word(WordKind::name);
    }
    ++at_;
    if (c == '(') return word(WordKind::open);
    if (c == ')') return word(WordKind::close);
    if (c == '|') return word(WordKind::pipe);
    if (c == ',') return word(WordKind::comma);
    if (c == '=') return word(WordKind::assign);
    if (c == ':' && at_ < text_.size() && text_[at_] == '=') {
      ++at_;
      return word(WordKind::declare);
    }
    return base::invalid_input(
        fmt::format("template parsing error: unexpected \"{}\" in command `{}`", c, text_));
  }

  /// `.A.B`, `$x.A`: up to the first character that can be in no name.
  TemplateWord path(WordKind kind) {
    ++at_;
    while (at_ < text_.size() && (is_template_name(text_[at_]) || text_[at_] == '.')) ++at_;
    return word(kind);
  }

  Result<TemplateWord> quoted(char quote) {
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      char c = text_[at_];
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        c = text_[++at_];
        if (c == 'n') c = '\n';
        if (c == 't') c = '\t';
      }
      value += c;
    }
    if (at_ == text_.size())
      return base::invalid_input(
          fmt::format("template parsing error: unterminated quoted string in `{}`", text_));
    ++at_;
    return TemplateWord{WordKind::text, std::move(value)};
  }

  [[nodiscard]] bool has_digit(std::size_t at) const {
    return at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at])) != 0;
  }
  [[nodiscard]] TemplateWord word(WordKind kind) const {
    return {kind, std::string(text_.substr(at_word_, at_ - at_word_))};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t at_word_ = 0;
};

}  // namespace

Result<std::vector<TemplateWord>> template_words(std::string_view action) {
  return WordScanner(action).scan();
}

}  // namespace steps
