#include "ecr/dockerfile_lines.h"

#include <fmt/format.h>

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

/// `<<EOF`, `<<-EOF`, `<<"EOF"` outside of quotes. Not `<<<` nor a shift in arithmetic.
std::vector<Announced> announced_documents(std::string_view text) {
  std::vector<Announced> found;
  for (const auto& word : split_raw_words(text)) {
    const auto at = word.find("<<");
    if (at == std::string::npos || word.compare(at, 3, "<<<") == 0) continue;
    if (word.substr(0, at).find_first_not_of("0123456789") != std::string::npos) continue;
    Announced announced;
    std::string_view name = std::string_view(word).substr(at + 2);
    announced.strips_tabs = name.starts_with('-');
    if (announced.strips_tabs) name.remove_prefix(1);
    const bool quoted =
        name.size() > 1 && (name.front() == '\'' || name.front() == '"') && name.back() == name.front();
    if (quoted) name = name.substr(1, name.size() - 2);
    const bool is_name =
        !name.empty() &&
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") ==
            std::string_view::npos;
    if (!is_name) continue;
    announced.document.name = std::string(name);
    announced.document.expand = !quoted;
    found.push_back(std::move(announced));
  }
  return found;
}

bool may_have_documents(std::string_view text) {
  const auto keyword = base::to_upper(text.substr(0, text.find_first_of(" \t")));
  return keyword == "RUN" || keyword == "COPY" || keyword == "ADD";
}

class LineReader {
 public:
  LineReader(std::string_view text, const std::string& file, char& escape)
      : file_(file), escape_(escape), physical_(base::lines_of(text)) {}

  Result<std::vector<LogicalLine>> read() {
    TRY(read_directives());
    std::vector<LogicalLine> lines;
    while (next_ < physical_.size()) {
      const auto text = base::trim(physical_[next_]);
      if (text.empty() || text.starts_with('#')) {
        ++next_;
        continue;
      }
      TRY(auto line, read_line());
      lines.push_back(std::move(line));
    }
    return lines;
  }

 private:
  // `# name=value` at the very top; the first other line ends them.
  Result<void> read_directives() {
    for (; next_ < physical_.size(); ++next_) {
      auto text = base::trim(physical_[next_]);
      if (!text.starts_with('#')) return {};
      text = base::trim(text.substr(1));
      const auto equals = text.find('=');
      if (equals == std::string_view::npos) return {};
      const auto name = base::to_lower(base::trim(text.substr(0, equals)));
      const auto value = base::trim(text.substr(equals + 1));
      if (name != "escape" && name != "syntax" && name != "check") return {};
      if (name != "escape") continue;
      if (value != "\\" && value != "`") {
        return at_line(file_, static_cast<int>(next_) + 1,
                       fmt::format("invalid escape '{}': must be ` or \\", value));
      }
      escape_ = value[0];
    }
    return {};
  }

  Result<LogicalLine> read_line() {
    LogicalLine line{.line = static_cast<int>(next_) + 1};
    while (next_ < physical_.size()) {
      std::string_view text = physical_[next_++];
      if (text.ends_with('\r')) text.remove_suffix(1);
      const auto trimmed = base::trim(text);
      // Within a continued line, comments and empty lines are as if they were not there.
      if (!line.text.empty() && (trimmed.empty() || trimmed.starts_with('#'))) continue;
      const auto last = text.find_last_not_of(" \t");
      const bool continues = last != std::string_view::npos && text[last] == escape_;
      line.text += continues ? text.substr(0, last) : text;
      if (!continues) break;
    }
    line.text = std::string(base::trim(line.text));
    if (may_have_documents(line.text)) TRY(read_documents(line));
    return line;
  }

  Result<void> read_documents(LogicalLine& line) {
    auto announced = announced_documents(line.text);
    if (announced.size() > kMostHereDocuments)
      return at_line(file_, line.line, "too many here-documents in one instruction");
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
        return at_line(file_, line.line,
                       fmt::format("unterminated heredoc: the line {} is missing", document.name));
      line.here_documents.push_back(std::move(document));
    }
    return {};
  }

  const std::string& file_;
  char& escape_;
  std::vector<std::string_view> physical_;
  std::size_t next_ = 0;
};

}  // namespace

base::Error at_line(const std::string& file, int line, std::string message) {
  auto error = make_error(ErrorKind::invalid_input, std::move(message));
  error.location = base::Location{file, line, 1};
  return error;
}

Result<std::vector<LogicalLine>> read_logical_lines(std::string_view text, const std::string& file,
                                                    char& escape) {
  if (text.size() > kLargestFile)
    return at_line(file, 1,
                   fmt::format("the Dockerfile is larger than {}", base::format_bytes(kLargestFile)));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return LineReader(text, file, escape).read();
}

}  // namespace ecr
