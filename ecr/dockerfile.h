#pragma once
// A Dockerfile as data: its instructions with line numbers, variables not yet replaced. Syntax that is not
// supported is an error with its line, never ignored. Carrying it out is build.h.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ecr {

/// A file written inline: `<<EOF … EOF`.
struct HereDocument {
  std::string name;
  std::string content;
  bool expand = true;  ///< variables are replaced unless the name was quoted
  std::string word;    ///< as announced: `<<-"EOF"`
  bool operator==(const HereDocument&) const = default;
};

/// `arguments` by keyword: RUN, CMD, ENTRYPOINT, SHELL, VOLUME the words of a JSON array or the one text of a
/// shell form; ENV and LABEL names and values in turn; ARG `name` or `name=value`; HEALTHCHECK `NONE`, or the
/// command's form; all others their words. Quotes and variables stand as written but in JSON.
struct Instruction {
  int line = 0;                                            ///< of its keyword
  std::string keyword;                                     ///< upper case
  std::vector<std::pair<std::string, std::string>> flags;  ///< --name=value, without the dashes
  std::vector<std::string> arguments;                      ///< words, or the one text of a shell form
  bool exec_form = false;                                  ///< written as a JSON array
  std::vector<HereDocument> here_documents;
  std::string original;               ///< as written, continuation lines joined
  std::vector<std::string> comments;  ///< the lines right above it, without `#`

  [[nodiscard]] std::optional<std::string> flag(std::string_view name) const;
  bool operator==(const Instruction&) const = default;
};

struct Stage {
  Instruction from;
  std::string base;      ///< image or stage, variables not yet replaced
  std::string name;      ///< lower case; empty without AS
  std::string platform;  ///< of --platform
  std::vector<Instruction> instructions;
};

/// A `# name=value` line at the top; line 0 is none.
struct ParserDirective {
  int line = 0;
  std::string value;
};

struct Dockerfile {
  std::vector<Instruction> global_args;  ///< ARG before the first FROM
  std::vector<Stage> stages;
  std::string file_name;
  char escape = '\\';
  ParserDirective check;                 ///< of the checks: `skip=…;error=true`
  std::vector<int> empty_continuations;  ///< last lines of instructions with an empty line inside
};

base::Result<Dockerfile> parse_dockerfile(std::string_view text, const std::string& file_name = "Dockerfile");

/// Replaces $name, ${name} and all its modifiers: - + ? with and without a colon, # ## % %% / //; quotes as
/// in a shell word are resolved too. `lookup` gives a variable's value or nothing.
using VariableLookup = std::function<std::optional<std::string>(std::string_view name)>;
base::Result<std::string> expand_word(std::string_view word, const VariableLookup& lookup,
                                      char escape = '\\');
/// The same, then split at blanks that no quote protects.
base::Result<std::vector<std::string>> expand_words(std::string_view text, const VariableLookup& lookup,
                                                    char escape = '\\');

/// Variables only: quotes are text, as in a here-document, and a backslash always means the character behind
/// it, whatever the file's escape character is (BuildKit's shell.Lex.SkipProcessQuotes).
base::Result<std::string> expand_text(std::string_view text, const VariableLookup& lookup);

/// What a modifier of a variable makes of its value: `#`, `##`, `%` and `%%` take a prefix or suffix away
/// that a pattern of * and ? matches, the shortest or the longest; `/` and `//` replace the first match or
/// all.
base::Result<std::string> without_pattern(std::string_view value, std::string_view modifier,
                                          std::string_view pattern);
base::Result<std::string> with_replacement(std::string_view value, std::string_view modifier,
                                           std::string_view pattern, std::string_view replacement);
/// Words as written, split at blanks outside of quotes; quotes and escapes stay.
std::vector<std::string> split_raw_words(std::string_view text, char escape = '\\');

}  // namespace ecr
