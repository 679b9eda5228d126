#include "ecr/dockerfile_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kLargestFile = 4U << 20;
constexpr std::size_t kMostHereDocuments = 100;

/// A here-document that a line announces.
struct Announced {
  HereDocument document;
  bool strips_tabs = false;
};

/// Whether a word can be the name after `<< `: `1 << 2` is arithmetic.
bool may_be_document_name(std::string_view word) {
  const char c = word.empty() ? '0' : word.front();
  return c == '_' || c == '"' || c == '\'' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// `<< EOF` is one word, as for the shell.
std::vector<std::string> words_with_documents(std::string_view text) {
  std::vector<std::string> words;
  for (auto& word : split_raw_words(text)) {
    const bool waits = !words.empty() && (words.back().ends_with("<<") || words.back().ends_with("<<-")) &&
                       words.back().find_first_not_of("0123456789<-") == std::string::npos;
    if (waits && may_be_document_name(word)) {
      words.back() += word;
    } else {
      words.push_back(std::move(word));
    }
  }
  return words;
}

/// A name of a here-document without its quotes, and whether it had any.
std::pair<std::string, bool> unquoted(std::string_view name) {
  std::pair<std::string, bool> result{"", false};
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool is_quote = name[i] == '\'' || name[i] == '"';
    result.second = result.second || is_quote;
    if (name[i] == '\\' && i + 1 < name.size()) ++i;
    if (!is_quote) result.first += name[i];
  }
  return result;
}

/// `<<EOF`, `<<-EOF`, `3<<"EOF"` outside of quotes. Not `<<<` nor a shift in arithmetic.
std::vector<Announced> announced_documents(std::string_view text) {
  std::vector<Announced> found;
  for (const auto& word : words_with_documents(text)) {
    const auto at = word.find("<<");
    if (at == std::string::npos || word.substr(0, at).find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::string_view name = std::string_view(word).substr(at + 2);
    Announced announced{.document = {.name = "", .content = "", .word = word},
                        .strips_tabs = name.starts_with('-')};
    if (announced.strips_tabs) name.remove_prefix(1);
    if (name.empty() || name.find('<') != std::string_view::npos) continue;
    auto [plain, quoted] = unquoted(name);
    if (plain.empty()) continue;
    announced.document.name = std::move(plain);
    announced.document.expand = !quoted;
    found.push_back(std::move(announced));
  }
  return found;
}

bool may_have_documents(std::string_view text) {
  const auto word = text.substr(0, text.find_first_of(" \t"));
  const auto keyword = base::to_upper(word);
  const auto rest = base::trim(text.substr(word.size()));
  // What a trigger runs may have them too.
  if (keyword == "ONBUILD") return may_have_documents(rest);
  const bool is_json = rest.starts_with('[') && rest.ends_with(']');
  return !is_json && (keyword == "RUN" || keyword == "COPY" || keyword == "ADD");
}

/// Whether a `# syntax=` names the language that is read here, of whatever version.
bool is_own_language(std::string_view image) {
  const auto end =
      image.find_first_of(":@", image.rfind('/') == std::string_view::npos ? 0 : image.rfind('/'));
  const auto name = image.substr(0, end);
  return name == "docker/dockerfile" || name == "docker/dockerfile-upstream" ||
         name.ends_with("/docker/dockerfile") || name.ends_with("/docker/dockerfile-upstream");
}

class LineReader {
 public:
  LineReader(std::string_view text, Dockerfile& file) : dockerfile_(file), physical_(base::lines_of(text)) {}

  Result<std::vector<LogicalLine>> read() {
    TRY(read_directives());
    std::vector<LogicalLine> lines;
    std::vector<std::string> comments;
    while (next_ < physical_.size()) {
      const auto text = base::trim(physical_[next_]);
      if (text.empty() || text.starts_with('#')) {
        take_comment(text, comments);
        ++next_;
        continue;
      }
      TRY(auto line, read_line());
      line.comments = std::exchange(comments, {});
      lines.push_back(std::move(line));
    }
    return lines;
  }

 private:
  // An empty line, or an empty comment, ends what is said about the instruction below.
  static void take_comment(std::string_view text, std::vector<std::string>& comments) {
    const auto said = base::trim(text.substr(text.empty() ? 0 : 1));
    if (said.empty()) {
      comments.clear();
    } else {
      comments.emplace_back(said);
    }
  }

  // `# name=value` at the very top; the first other line ends them.
  Result<void> read_directives() {
    std::vector<std::string> seen;
    for (; next_ < physical_.size(); ++next_) {
      auto text = base::trim(physical_[next_]);
      if (!text.starts_with('#')) return {};
      text = base::trim(text.substr(1));
      const auto equals = text.find('=');
      if (equals == std::string_view::npos) return {};
      const auto name = base::to_lower(base::trim(text.substr(0, equals)));
      const auto value = base::trim(text.substr(equals + 1));
      if (value.empty() || (name != "escape" && name != "syntax" && name != "check")) return {};
      if (std::find(seen.begin(), seen.end(), name) != seen.end())
        return fail_here(fmt::format("only one {} parser directive can be used", name));
      seen.push_back(name);
      TRY(take_directive(name, value));
    }
    return {};
  }

  Result<void> take_directive(const std::string& name, std::string_view value) {
    if (name == "check") {
      dockerfile_.check = {static_cast<int>(next_) + 1, std::string(value)};
    } else if (name == "syntax" && !is_own_language(value)) {
      return fail_here(fmt::format(
          "syntax={}: the builder reads the language of docker/dockerfile itself and runs no other "
          "frontend",
          value));
    } else if (name == "escape") {
      if (value != "\\" && value != "`")
        return fail_here(fmt::format("invalid escape '{}': must be ` or \\", value));
      dockerfile_.escape = value[0];
    }
    return {};
  }

  base::Error fail_here(std::string message) const {
    return at_line(dockerfile_.file_name, static_cast<int>(next_) + 1, std::move(message));
  }

  /// The text before a continuation character at the end; nothing when the line ends here. Two of them are
  /// one that is meant.
  std::optional<std::string_view> continued(std::string_view text) const {
    const auto last = text.find_last_not_of(" \t");
    if (last == std::string_view::npos || text[last] != dockerfile_.escape) return std::nullopt;
    if (last > 0 && text[last - 1] == dockerfile_.escape) return std::nullopt;
    return text.substr(0, last);
  }

  Result<LogicalLine> read_line() {
    LogicalLine line{.line = static_cast<int>(next_) + 1};
    bool has_empty_line = false;
    while (next_ < physical_.size()) {
      std::string_view text = physical_[next_++];
      if (text.ends_with('\r')) text.remove_suffix(1);
      const auto trimmed = base::trim(text);
      // Within a continued line, comments and empty lines are as if they were not there.
      if (!line.text.empty() && (trimmed.empty() || trimmed.starts_with('#'))) {
        has_empty_line = has_empty_line || trimmed.empty();
        continue;
      }
      const auto before = continued(text);
      line.text += before.value_or(text);
      if (!before) break;
    }
    if (has_empty_line) dockerfile_.empty_continuations.push_back(static_cast<int>(next_));
    line.text = std::string(base::trim(line.text));
    if (may_have_documents(line.text)) TRY(read_documents(line));
    return line;
  }

  Result<void> read_documents(LogicalLine& line) {
    auto announced = announced_documents(line.text);
    if (announced.size() > kMostHereDocuments)
      return at_line(dockerfile_.file_name, line.line, "too many here-documents in one instruction");
    for (auto& [document, strips_tabs] : announced) {
      bool closed = false;
      while (next_ < physical_.size() && !closed) {
        std::string_view text = physical_[next_++];
        if (text.ends_with('\r')) text.remove_suffix(1);
        if (strips_tabs) text.remove_prefix(std::min(text.find_first_not_of('\t'), text.size()));
        closed = text == document.name;
        if (!closed) document.content += std::string(text) + "\n";
      }
      if (!closed)
        return at_line(dockerfile_.file_name, line.line,
                       fmt::format("unterminated heredoc: the line {} is missing", document.name));
      line.here_documents.push_back(std::move(document));
    }
    return {};
  }

  Dockerfile& dockerfile_;
  std::vector<std::string_view> physical_;
  std::size_t next_ = 0;
};

}  // namespace

base::Error at_line(const std::string& file, int line, std::string message) {
  auto error = make_error(ErrorKind::invalid_input, std::move(message));
  error.location = base::Location{file, line, 1};
  return error;
}

Result<std::vector<LogicalLine>> read_logical_lines(std::string_view text, Dockerfile& file) {
  if (text.size() > kLargestFile)
    return at_line(file.file_name, 1,
                   fmt::format("the Dockerfile is larger than {}", base::format_bytes(kLargestFile)));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return LineReader(text, file).read();
}

}  // namespace ecr
