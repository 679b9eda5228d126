// Checks of what instructions say, in the order and with the variables of a build.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "ecr/build_graph.h"
#include "ecr/dockerfile_checks.h"
#include "ecr/exposed_ports.h"

namespace ecr {

namespace {

using base::Result;

/// What a stage knows when it ends; those built from it begin with it.
struct StageScope {
  std::map<std::string, std::string, std::less<>> environment;
  std::map<std::string, std::string, std::less<>> args;
  std::set<std::string> declared;  ///< ARGs, also those without a value
  bool has_shell = false;
  bool has_working_dir = false;
  std::string image;  ///< below it all
};

// What a part of a name between underscores gives away, and what says that it is harmless.
constexpr std::array<std::string_view, 10> kSecretWords = {
    "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"};
constexpr std::array<std::string_view, 3> kHarmlessWords = {"public", "file", "version"};

bool names_secret(const std::string& name) {
  const auto parts = base::split(base::to_lower(name), '_');
  const auto has_any = [&](const auto& words) {
    return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return std::find(words.begin(), words.end(), part) != words.end();
    });
  };
  return has_any(kSecretWords) && !has_any(kHarmlessWords);
}

/// What an image's ONBUILD gives the name; the stage that is built from it begins with that.
std::optional<std::string> value_of_triggers(const ImageConfig& image, std::string_view name) {
  for (const auto& trigger : image.on_build) {
    const auto parsed = parse_dockerfile("FROM base\n" + trigger);
    if (!parsed || parsed->stages[0].instructions.empty()) continue;
    const auto& instruction = parsed->stages[0].instructions[0];
    for (std::size_t i = 0; i < instruction.arguments.size(); ++i) {
      const bool is_env = instruction.keyword == "ENV" && i % 2 == 0 && instruction.arguments[i] == name;
      if (is_env) return instruction.arguments[i + 1];
      if (instruction.keyword != "ARG") continue;
      const auto declaration = parse_arg(instruction.arguments[i]);
      if (declaration.name == name) return declaration.fallback.value_or("");
    }
  }
  return std::nullopt;
}

class StageChecker {
 public:
  StageChecker(const CheckedFile& checked, const Stage& stage, StageScope scope, CheckReport& report)
      : checked_(checked), stage_(stage), scope_(std::move(scope)), report_(report) {}

  Result<StageScope> run() {
    for (const auto& instruction : stage_.instructions) {
      auto done = check(instruction);
      if (done) continue;
      auto error = std::move(done).error();
      if (!error.location) error.location = base::Location{checked_.file.file_name, instruction.line, 1};
      return error;
    }
    return std::move(scope_);
  }

 private:
  using Words = std::vector<std::string>;

  Result<void> check(const Instruction& instruction) {
    const auto& keyword = instruction.keyword;
    TRY(const auto words, expanded(instruction));
    if (keyword == "ENV" || keyword == "LABEL") return check_pairs(instruction, words);
    if (keyword == "ARG") return check_arg(instruction);
    if (keyword == "EXPOSE") return check_ports(instruction, words);
    if (keyword == "CMD" || keyword == "ENTRYPOINT" || keyword == "HEALTHCHECK") check_used_once(instruction);
    if (keyword == "CMD" || keyword == "ENTRYPOINT") return check_form(instruction);
    if (keyword == "SHELL") scope_.has_shell = true;
    if (keyword == "COPY" || keyword == "ADD") check_sources(instruction, words);
    if (keyword == "WORKDIR") {
      if (!scope_.has_working_dir && !words[0].starts_with('/'))
        report_.add(
            Check::workdir_relative_path, instruction,
            fmt::format("Relative workdir \"{}\" can have unexpected results if the base image changes",
                        words[0]));
      scope_.has_working_dir = true;
    }
    return {};
  }

  /// What the instruction's variables make of its words, and which of them nothing defines.
  Result<Words> expanded(const Instruction& instruction) {
    const auto& keyword = instruction.keyword;
    const bool is_text = keyword == "RUN" || keyword == "CMD" || keyword == "ENTRYPOINT" ||
                         keyword == "SHELL" || keyword == "HEALTHCHECK" || keyword == "ONBUILD" ||
                         keyword == "MAINTAINER" || keyword == "ARG";
    NotedNames names;
    Words words;
    for (const auto& [flag, value] : instruction.flags) {
      if (flag != "chown" && flag != "chmod" && flag != "checksum" && flag != "mount") continue;
      TRY(const auto unused, expand(value, names));
    }
    for (const auto& argument : is_text ? Words() : instruction.arguments) {
      TRY(auto word, expand(argument, names));
      words.push_back(std::move(word));
    }
    if (keyword == "COPY" || keyword == "ADD") {
      for (const auto& document : instruction.here_documents) {
        if (!document.expand) continue;
        TRY(const auto unused, expand_text(document.content, noting(lookup(), names)));
      }
    }
    // The builder whose checks these are does not look into EXPOSE.
    if (keyword != "EXPOSE") tell_undefined(instruction, names);
    return failure_ ? Result<Words>(std::move(*failure_)) : words;
  }

  Result<std::string> expand(const std::string& word, NotedNames& names) {
    return expand_word(word, noting(lookup(), names), checked_.file.escape);
  }

  VariableLookup lookup() {
    return [this](std::string_view name) { return variable(name); };
  }

  std::optional<std::string> variable(std::string_view name) {
    for (const auto* known : {&scope_.environment, &scope_.args}) {
      if (const auto found = known->find(name); found != known->end()) return found->second;
    }
    // Every image has one; no need to look at this one's.
    if (name == "PATH") return "/usr/bin:/bin";
    if (scope_.declared.contains(std::string(name))) return std::nullopt;
    const auto* image = base_config();
    if (image == nullptr) return std::nullopt;
    auto value = image->env_value(name);
    return value ? value : value_of_triggers(*image, name);
  }

  /// Nothing below `scratch`, and when it cannot be had: then failure_ says why.
  const ImageConfig* base_config() {
    if (failure_ || scope_.image == "scratch") return nullptr;
    auto config = checked_.base_config(scope_.image, stage_);
    if (config) return *config;
    failure_ = std::move(config).error();
    return nullptr;
  }

  void tell_undefined(const Instruction& instruction, const NotedNames& names) {
    Words known;
    for (const auto& [name, value] : scope_.environment) known.push_back(name);
    for (const auto& name : scope_.declared) known.push_back(name);
    for (const auto& name : names.unknown) {
      if (scope_.declared.contains(name)) continue;
      report_.add(Check::undefined_var, instruction,
                  fmt::format("Usage of undefined variable '${}'{}", name, did_you_mean(name, known, "$")));
    }
  }

  Result<void> check_pairs(const Instruction& instruction, const Words& words) {
    const bool is_env = instruction.keyword == "ENV";
    const auto written = written_keyword(instruction);
    const auto pairs = split_raw_words(instruction.original.substr(written.size()), checked_.file.escape);
    if (pairs[0].find('=') == std::string::npos) {
      report_.add(Check::legacy_key_value_format, instruction,
                  fmt::format("\"{0} key=value\" should be used instead of legacy \"{0} key value\" format",
                              written));
    }
    for (std::size_t i = 0; is_env && i + 1 < words.size(); i += 2) {
      tell_secret(instruction, words[i]);
      scope_.environment[words[i]] = words[i + 1];
    }
    return {};
  }

  void tell_secret(const Instruction& instruction, const std::string& name) {
    if (!names_secret(name)) return;
    report_.add(Check::secrets_used_in_arg_or_env, instruction,
                fmt::format("Do not use ARG or ENV instructions for sensitive data ({} \"{}\")",
                            instruction.keyword, name));
  }

  Result<void> check_arg(const Instruction& instruction) {
    for (const auto& word : instruction.arguments) {
      const auto declaration = parse_arg(word);
      tell_secret(instruction, declaration.name);
      NotedNames names;
      if (auto given = variables_.given(declaration.name)) {
        scope_.args[declaration.name] = *given;
      } else if (declaration.fallback) {
        TRY(scope_.args[declaration.name], expand(*declaration.fallback, names));
        tell_undefined(instruction, names);
        if (failure_) return std::move(*failure_);
      } else if (auto global = variables_.for_stage(declaration.name)) {
        scope_.args[declaration.name] = *global;
      }
      scope_.declared.insert(declaration.name);
    }
    return {};
  }

  Result<void> check_ports(const Instruction& instruction, const Words& words) {
    for (const auto& word : words) {
      for (const auto& entry : split_raw_words(word)) {
        TRY(const auto exposed, parse_exposed_ports(entry));
        if (exposed.protocol != base::to_lower(exposed.protocol))
          report_.add(Check::expose_proto_casing, instruction,
                      fmt::format("Defined protocol '{}' in EXPOSE instruction should be lowercase", entry));
        if (exposed.names_host)
          report_.add(Check::expose_invalid_format, instruction,
                      fmt::format("EXPOSE instruction should not define an IP address or host-port mapping, "
                                  "found '{}'",
                                  entry));
      }
    }
    return {};
  }

  void check_used_once(const Instruction& instruction) {
    auto& last = last_[instruction.keyword];
    if (last != nullptr) {
      report_.add(
          Check::multiple_instructions_disallowed, *last,
          fmt::format("Multiple {} instructions should not be used in the same stage because only the "
                      "last one will be used",
                      written_keyword(instruction)));
    }
    last = &instruction;
  }

  Result<void> check_form(const Instruction& instruction) {
    if (instruction.exec_form || scope_.has_shell) return {};
    const auto* image = base_config();
    if (failure_) return std::move(*failure_);
    if (image != nullptr && !image->shell.empty()) return {};
    report_.add(Check::json_args_recommended, instruction,
                fmt::format("JSON arguments recommended for {} to prevent unintended behavior related to OS "
                            "signals",
                            written_keyword(instruction)));
    return {};
  }

  void check_sources(const Instruction& instruction, const Words& words) {
    // What `!` brings back is not known without the files.
    if (instruction.flag("from") || checked_.ignore.has_exceptions()) return;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      const bool is_document =
          std::any_of(instruction.here_documents.begin(), instruction.here_documents.end(),
                      [&](const HereDocument& d) { return d.word == instruction.arguments[i]; });
      if (is_document || words[i].find("://") != std::string::npos || words[i].starts_with("git@")) continue;
      const auto path = base::Path("/" + words[i]).lexically_normal().relative_path().string();
      const bool is_root = path.empty();
      if (is_root ? !checked_.ignore.excludes_all() : !checked_.ignore.excludes(path)) continue;
      report_.add(Check::copy_ignored_file, instruction,
                  fmt::format("Attempting to {} file \"{}\" that is excluded by .dockerignore",
                              instruction.keyword == "ADD" ? "Add" : "Copy", is_root ? "." : path));
    }
  }

  const CheckedFile& checked_;
  const Stage& stage_;
  StageScope scope_;
  CheckReport& report_;
  GlobalVariables variables_ = checked_.variables;
  std::map<std::string, const Instruction*> last_;
  std::optional<base::Error> failure_;
};

}  // namespace

Result<void> check_instructions(const CheckedFile& checked, CheckReport& report) {
  const auto find = [&](std::string_view name) { return checked.variables.find(name); };
  std::map<std::size_t, StageScope> scopes;
  // A stage is built from earlier ones only.
  for (const auto index : checked.stages) {
    const auto& stage = checked.file.stages[index];
    TRY(const auto name, expand_word(stage.base, find, checked.file.escape));
    const auto earlier = find_stage(checked.file, name, index, StageNames::names);
    StageScope scope = earlier ? scopes.at(*earlier) : StageScope{.image = name};
    TRY(scopes[index], StageChecker(checked, stage, std::move(scope), report).run());
  }
  return {};
}

}  // namespace ecr
