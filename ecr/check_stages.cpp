// Checks of names and words: stages, keywords, FROM.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/similar_name.h"
#include "base/strings.h"
#include "ecr/dockerfile_checks.h"
#include "ecr/image_reference.h"

namespace ecr {

namespace {

enum class Casing { lower, upper, mixed };

Casing casing_of(const std::string& word) {
  if (word == base::to_lower(word)) return Casing::lower;
  return word == base::to_upper(word) ? Casing::upper : Casing::mixed;
}

/// FROM of each stage and what stands in it; not the global ARGs.
std::vector<const Instruction*> instructions_of(const Dockerfile& file) {
  std::vector<const Instruction*> all;
  for (const auto& stage : file.stages) {
    all.push_back(&stage.from);
    for (const auto& instruction : stage.instructions) all.push_back(&instruction);
  }
  return all;
}

void check_keywords(const Dockerfile& file, CheckReport& report) {
  const auto instructions = instructions_of(file);
  std::map<Casing, int> counts;
  for (const auto* instruction : instructions) ++counts[casing_of(written_keyword(*instruction))];
  const auto wanted = counts[Casing::lower] > counts[Casing::upper] ? Casing::lower : Casing::upper;
  for (const auto* instruction : instructions) {
    const auto written = written_keyword(*instruction);
    if (instruction->keyword == "MAINTAINER")
      report.add(Check::maintainer_deprecated, *instruction,
                 "Maintainer instruction is deprecated in favor of using label");
    if (casing_of(written) == wanted) continue;
    report.add(Check::consistent_instruction_casing, *instruction,
               fmt::format("Command '{}' should match the case of the command majority ({})", written,
                           wanted == Casing::lower ? "lowercase" : "uppercase"));
  }
}

void check_stage_names(const Dockerfile& file, CheckReport& report) {
  std::set<std::string> seen;
  for (const auto& stage : file.stages) {
    if (stage.name.empty()) continue;
    const auto& as = stage.from.arguments[1];
    const auto& name = stage.from.arguments[2];
    const auto from = written_keyword(stage.from);
    if (name != stage.name)
      report.add(Check::stage_name_casing, stage.from,
                 fmt::format("Stage name '{}' should be lowercase", name));
    if (casing_of(from) != Casing::mixed && casing_of(as) != casing_of(from))
      report.add(Check::from_as_casing, stage.from,
                 fmt::format("'{}' and '{}' keywords' casing do not match", as, from));
    if (stage.name == "context" || stage.name == "scratch")
      report.add(Check::reserved_stage_name, stage.from,
                 fmt::format("Stage name should not use the same name as reserved stage \"{}\"", stage.name));
    if (!seen.insert(stage.name).second)
      report.add(Check::duplicate_stage_name, stage.from,
                 fmt::format("Duplicate stage name \"{}\", stage names should be unique", stage.name));
  }
}

/// A comment right above a stage or argument begins with its name.
void check_description(const Instruction& instruction, const std::vector<std::string>& names,
                       CheckReport& report) {
  if (instruction.comments.empty() || names.empty()) return;
  const auto& comment = instruction.comments.back();
  if (std::find(names.begin(), names.end(), comment.substr(0, comment.find(' '))) != names.end()) return;
  report.add(Check::invalid_definition_description, instruction,
             fmt::format("Comment for {} should follow the format: `# {} <description>`", instruction.keyword,
                         names.size() > 1 ? "<arg_key>" : names[0]));
}

void check_descriptions(const Dockerfile& file, CheckReport& report) {
  const auto check_arg = [&](const Instruction& instruction) {
    std::vector<std::string> names;
    for (const auto& word : instruction.arguments) names.push_back(parse_arg(word).name);
    check_description(instruction, names, report);
  };
  for (const auto& instruction : file.global_args) check_arg(instruction);
  for (const auto& stage : file.stages) {
    if (!stage.name.empty()) check_description(stage.from, {stage.name}, report);
    for (const auto& instruction : stage.instructions) {
      if (instruction.keyword == "ARG") check_arg(instruction);
    }
  }
}

/// A word of FROM with its variables, and what of them is not declared.
std::string checked_word(const CheckedFile& checked, const std::string& word, const Stage& stage,
                         NotedNames& names, CheckReport& report) {
  const auto find = [&](std::string_view name) { return checked.variables.find(name); };
  const auto value = expand_word(word, noting(find, names), checked.file.escape);
  auto known = checked.variables.names();
  for (const auto& instruction : checked.file.global_args) {
    for (const auto& declared : instruction.arguments) known.push_back(parse_arg(declared).name);
  }
  for (const auto& name : names.unknown) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    report.add(Check::undefined_arg_in_from, stage.from,
               fmt::format("FROM argument '{}' is not declared{}", name, did_you_mean(name, known)));
  }
  return value ? *value : "";
}

void check_platform_of(const CheckedFile& checked, const Stage& stage, CheckReport& report) {
  NotedNames names;
  const auto value = checked_word(checked, stage.platform, stage, names, report);
  if (!names.unknown.empty()) return;
  if (names.known == std::set<std::string>{"TARGETPLATFORM"} &&
      value == checked.variables.find("TARGETPLATFORM")) {
    report.add(Check::redundant_target_platform, stage.from,
               fmt::format("Setting platform to predefined {} in FROM is redundant as this is the default "
                           "behavior",
                           stage.platform));
  }
  const auto platform = parse_platform(value);
  if (!names.known.empty() || !platform) return;
  const bool named_for_it = stage.name.find(platform->os) != std::string::npos ||
                            stage.name.find(platform->architecture) != std::string::npos;
  if (named_for_it) return;
  report.add(Check::from_platform_flag_const_disallowed, stage.from,
             fmt::format("FROM --platform flag should not use constant value \"{}\"", value));
}

void check_bases(const CheckedFile& checked, CheckReport& report) {
  const auto by_default = [&](std::string_view name) { return checked.defaults.find(name); };
  for (const auto& stage : checked.file.stages) {
    NotedNames names;
    checked_word(checked, stage.base, stage, names, report);
    if (!stage.platform.empty()) check_platform_of(checked, stage, report);
    const auto base = expand_word(stage.base, by_default, checked.file.escape);
    if (base && !parse_image_reference(*base))
      report.add(
          Check::invalid_default_arg_in_from, stage.from,
          fmt::format("Default value for ARG {} results in empty or invalid base image name", stage.base));
  }
}

}  // namespace

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& sign) {
  const auto near = base::similar_name(name, known);
  return near ? fmt::format(" (did you mean {}{}?)", sign, *near) : "";
}

void check_stages(const CheckedFile& checked, CheckReport& report) {
  for (const int line : checked.file.empty_continuations)
    report.add(Check::no_empty_continuation, line, "Empty continuation line");
  check_stage_names(checked.file, report);
  check_keywords(checked.file, report);
  check_descriptions(checked.file, report);
  check_bases(checked, report);
}

base::Result<std::vector<CheckFinding>> check_dockerfile(const CheckedFile& checked,
                                                         const CheckSettings& settings) {
  CheckReport report(settings);
  check_stages(checked, report);
  TRY(check_instructions(checked, report));
  return report.take();
}

}  // namespace ecr
