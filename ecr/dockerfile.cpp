#include "ecr/dockerfile.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/similar_name.h"
#include "base/strings.h"
#include "ecr/dockerfile_lines.h"

namespace ecr {

namespace {

using base::Result;

struct InstructionRule {
  std::string_view keyword;
  std::vector<std::string_view> flags;
  bool takes_json = false;
  bool takes_here_documents = false;
};

// Every keyword of the Dockerfile reference, and the flags that are supported here.
const std::vector<InstructionRule>& rules() {
  static const std::vector<InstructionRule> kRules = {
      {"ADD", {"chown", "chmod", "link", "keep-git-dir", "checksum", "unpack", "exclude"}, true, true},
      {"ARG", {}},
      {"CMD", {}, true},
      {"COPY", {"from", "chown", "chmod", "link", "exclude", "parents"}, true, true},
      {"ENTRYPOINT", {}, true},
      {"ENV", {}},
      {"EXPOSE", {}},
      {"FROM", {"platform"}},
      {"HEALTHCHECK", {"interval", "timeout", "start-period", "start-interval", "retries"}},
      {"LABEL", {}},
      {"MAINTAINER", {}},
      {"ONBUILD", {}, false, true},
      {"RUN", {"mount", "network", "security", "device"}, true, true},
      {"SHELL", {}, true},
      {"STOPSIGNAL", {}},
      {"USER", {}},
      {"VOLUME", {}, true},
      {"WORKDIR", {}},
  };
  return kRules;
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_of(" \t"));
}

/// The text's JSON array of strings; nothing when it is none, which makes it a shell form.
std::optional<std::vector<std::string>> json_words(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const auto json = base::parse_json(text);
  if (!json || !json->is_array()) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& entry : *json) {
    if (!entry.is_string()) return std::nullopt;
    words.push_back(entry.get<std::string>());
  }
  return words;
}

/// `K=V K2="a b"`, or the old `K the rest of the line`: names and values in turn.
std::optional<std::vector<std::string>> parse_pairs(std::string_view text, char escape) {
  const auto words = split_raw_words(text, escape);
  std::vector<std::string> pairs;
  if (words[0].find('=') == std::string::npos) {
    const auto value = base::trim(text.substr(words[0].size()));
    if (value.empty()) return std::nullopt;
    return std::vector<std::string>{words[0], std::string(value)};
  }
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    pairs.push_back(word.substr(0, equals));
    pairs.push_back(word.substr(equals + 1));
  }
  return pairs;
}

std::string near_keyword(std::string_view keyword) {
  std::vector<std::string_view> known;
  for (const auto& rule : rules()) known.push_back(rule.keyword);
  const auto near = base::similar_name(keyword, known);
  return near ? fmt::format(" (did you mean {}?)", *near) : "";
}

/// Which stages are needed has to be known before any of them has variables.
bool names_source_by_variable(std::string_view flag, std::string_view value) {
  if (flag == "from") return value.find('$') != std::string_view::npos;
  if (flag != "mount") return false;
  const auto parts = base::split(value, ',');
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.starts_with("from=") && part.find('$') != std::string::npos;
  });
}

class InstructionReader {
 public:
  InstructionReader(const LogicalLine& line, const Dockerfile& file)
      : line_(line), file_(file), rest_(base::trim(line.text)) {}

  Result<Instruction> read() {
    Instruction instruction{.line = line_.line, .original = std::string(rest_), .comments = line_.comments};
    const auto keyword = first_word(rest_);
    instruction.keyword = base::to_upper(keyword);
    rest_ = base::trim(rest_.substr(keyword.size()));
    const auto rule = std::find_if(rules().begin(), rules().end(), [&](const InstructionRule& known) {
      return known.keyword == instruction.keyword;
    });
    if (rule == rules().end())
      return fail(fmt::format("unknown instruction: {}{}", keyword, near_keyword(keyword)));
    TRY(read_flags(*rule, instruction));
    if (rest_.empty()) return fail(fmt::format("{} requires an argument", instruction.keyword));
    TRY(take_here_documents(*rule, instruction));
    TRY(read_arguments(*rule, instruction));
    return instruction;
  }

 private:
  base::Error fail(std::string message) const {
    return at_line(file_.file_name, line_.line, std::move(message));
  }

  Result<void> read_flags(const InstructionRule& rule, Instruction& instruction) {
    while (rest_.starts_with("--")) {
      const auto word = first_word(rest_);
      const auto equals = word.find('=');
      const auto name = word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
      if (std::find(rule.flags.begin(), rule.flags.end(), name) == rule.flags.end()) {
        return fail(fmt::format(
            "{} --{} is not supported{}", rule.keyword, name,
            rule.flags.empty() ? "" : fmt::format("; what is: --{}", fmt::join(rule.flags, ", --"))));
      }
      const auto value = equals == std::string_view::npos ? "true" : word.substr(equals + 1);
      if (names_source_by_variable(name, value)) {
        return fail(
            fmt::format("{} {}: variables are not replaced in the name of what is copied from; name a "
                        "stage, as in `FROM $IMAGE AS name` with an ARG before the first FROM",
                        rule.keyword, word));
      }
      instruction.flags.emplace_back(name, value);
      rest_ = base::trim(rest_.substr(word.size()));
    }
    return {};
  }

  Result<void> take_here_documents(const InstructionRule& rule, Instruction& instruction) {
    if (line_.here_documents.empty()) return {};
    if (!rule.takes_here_documents) {
      return fail(fmt::format("{} takes no here-document; RUN, COPY and ADD do", instruction.keyword));
    }
    instruction.here_documents = line_.here_documents;
    return {};
  }

  /// What a trigger may be, with its here-documents as text behind it.
  Result<void> read_trigger(Instruction& instruction) const {
    const auto keyword = base::to_upper(first_word(rest_));
    if (keyword == "ONBUILD") return fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
    if (keyword == "FROM" || keyword == "MAINTAINER")
      return fail(fmt::format("{} isn't allowed as an ONBUILD trigger", keyword));
    instruction.arguments = {std::string(rest_)};
    for (const auto& document : instruction.here_documents)
      instruction.arguments[0] += "\n" + document.content + document.name;
    return {};
  }

  Result<void> read_arguments(const InstructionRule& rule, Instruction& instruction) {
    const auto& keyword = instruction.keyword;
    if (rule.takes_json) {
      if (auto words = json_words(rest_)) {
        instruction.exec_form = true;
        instruction.arguments = std::move(*words);
        return check_exec_form(instruction);
      }
    }
    if (keyword == "SHELL")
      return fail("SHELL requires the form of a JSON array, as [\"/bin/bash\", \"-c\"]");
    if (keyword == "ONBUILD") return read_trigger(instruction);
    if (keyword == "RUN" || keyword == "CMD" || keyword == "ENTRYPOINT" || keyword == "MAINTAINER") {
      instruction.arguments = {std::string(rest_)};
      return {};
    }
    if (keyword == "ENV" || keyword == "LABEL") {
      auto pairs = parse_pairs(rest_, file_.escape);
      if (!pairs) return fail(fmt::format("{}: expected NAME=VALUE, found `{}`", keyword, rest_));
      instruction.arguments = std::move(*pairs);
      return {};
    }
    if (keyword == "HEALTHCHECK") return read_health_check(instruction);
    // A path with blanks is one word here, as it is elsewhere.
    const bool is_text = keyword == "WORKDIR" || keyword == "USER" || keyword == "STOPSIGNAL";
    instruction.arguments =
        is_text ? std::vector<std::string>{std::string(rest_)} : split_raw_words(rest_, file_.escape);
    return check_count(instruction);
  }

  Result<void> check_exec_form(const Instruction& instruction) const {
    const bool copies = instruction.keyword == "COPY" || instruction.keyword == "ADD";
    if (copies && instruction.arguments.size() < 2) return too_few(instruction);
    if (instruction.keyword == "SHELL" && instruction.arguments.empty())
      return fail("SHELL requires at least one word");
    return {};
  }

  base::Error too_few(const Instruction& instruction) const {
    return fail(
        fmt::format("{} requires at least two arguments: sources and a destination", instruction.keyword));
  }

  Result<void> check_count(const Instruction& instruction) const {
    const auto count = instruction.arguments.size();
    if ((instruction.keyword == "COPY" || instruction.keyword == "ADD") && count < 2)
      return too_few(instruction);
    if (instruction.keyword != "ARG") return {};
    for (const auto& argument : instruction.arguments) {
      if (argument.starts_with('=')) return fail("ARG names can not be blank");
    }
    return {};
  }

  Result<void> read_health_check(Instruction& instruction) {
    const auto kind = base::to_upper(first_word(rest_));
    const auto after = base::trim(rest_.substr(kind.size()));
    if (kind == "NONE" && after.empty()) {
      instruction.arguments = {"NONE"};
      return {};
    }
    if (kind != "CMD" || after.empty()) return fail("HEALTHCHECK: expected NONE, or CMD with a command");
    auto words = json_words(after);
    instruction.exec_form = words.has_value();
    instruction.arguments = words ? std::move(*words) : std::vector<std::string>{std::string(after)};
    return {};
  }

  const LogicalLine& line_;
  const Dockerfile& file_;
  std::string_view rest_;
};

bool is_stage_name(const std::string& name) {
  const bool starts = !name.empty() && name[0] >= 'a' && name[0] <= 'z';
  return starts && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == std::string::npos;
}

Result<Stage> make_stage(Instruction from, const std::string& file) {
  Stage stage;
  const auto& words = from.arguments;
  const bool named = words.size() == 3 && base::equals_ignoring_case(words[1], "AS");
  if (words.size() != 1 && !named)
    return at_line(file, from.line, "FROM: expected `FROM image` or `FROM image AS name`");
  stage.base = words[0];
  if (named) stage.name = base::to_lower(words[2]);
  if (named && !is_stage_name(stage.name)) {
    return at_line(
        file, from.line,
        fmt::format("invalid name for a build stage: '{}'; expected a letter, then letters, digits, _ - or .",
                    words[2]));
  }
  stage.platform = from.flag("platform").value_or("");
  stage.from = std::move(from);
  return stage;
}

}  // namespace

std::optional<std::string> Instruction::flag(std::string_view name) const {
  for (const auto& [flag_name, value] : flags) {
    if (flag_name == name) return value;
  }
  return std::nullopt;
}

Result<Dockerfile> parse_dockerfile(std::string_view text, const std::string& file_name) {
  Dockerfile file{.file_name = file_name};
  TRY(const auto lines, read_logical_lines(text, file));
  for (const auto& line : lines) {
    TRY(auto instruction, InstructionReader(line, file).read());
    if (instruction.keyword == "FROM") {
      TRY(auto stage, make_stage(std::move(instruction), file_name));
      file.stages.push_back(std::move(stage));
    } else if (!file.stages.empty()) {
      file.stages.back().instructions.push_back(std::move(instruction));
    } else if (instruction.keyword == "ARG") {
      file.global_args.push_back(std::move(instruction));
    } else {
      return at_line(file_name, instruction.line,
                     fmt::format("no build stage in current context: {} stands before the first FROM",
                                 instruction.keyword));
    }
  }
  if (file.stages.empty()) return at_line(file_name, 1, "the Dockerfile has no FROM");
  return file;
}

}  // namespace ecr
