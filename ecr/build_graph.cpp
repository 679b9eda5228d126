#include "ecr/build_graph.h"

#include <fmt/format.h>

#include <vector>

#include "base/similar_name.h"
#include "base/strings.h"

namespace ecr {

namespace {

/// The stage that `from=` of a --mount names; empty when there is none.
std::string from_of_mount(const std::string& mount) {
  for (const auto& part : base::split(mount, ',')) {
    if (part.starts_with("from=")) return part.substr(5);
  }
  return "";
}

std::vector<std::string> sources_of(const Instruction& instruction) {
  std::vector<std::string> names;
  for (const auto& [flag, value] : instruction.flags) {
    if (flag == "from") names.push_back(value);
    if (flag == "mount") names.push_back(from_of_mount(value));
  }
  return names;
}

}  // namespace

std::optional<std::size_t> find_stage(const Dockerfile& file, const std::string& name, std::size_t limit,
                                      StageNames by) {
  const auto wanted = base::to_lower(name);
  for (std::size_t i = limit; i-- > 0;) {
    if (!file.stages[i].name.empty() && file.stages[i].name == wanted) return i;
  }
  const auto number = base::parse_integer(name);
  if (by == StageNames::names_or_numbers && number && *number >= 0 &&
      static_cast<std::size_t>(*number) < limit)
    return static_cast<std::size_t>(*number);
  return std::nullopt;
}

base::Result<std::size_t> find_target(const Dockerfile& file, const std::string& name) {
  if (name.empty()) return file.stages.size() - 1;
  if (const auto index = find_stage(file, name, file.stages.size(), StageNames::names_or_numbers))
    return *index;
  std::vector<std::string> known;
  for (const auto& stage : file.stages) known.push_back(stage.name);
  const auto near = base::similar_name(name, known);
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("target stage \"{}\" could not be found{}", name,
                                      near ? fmt::format(" (did you mean {}?)", *near) : ""));
}

std::set<std::size_t> needed_stages(const Dockerfile& file, std::size_t target,
                                    const VariableLookup& lookup) {
  std::set<std::size_t> needed = {target};
  // Stages are built from earlier ones only: one walk backwards sees each before what it needs.
  for (std::size_t i = target + 1; i-- > 0;) {
    if (!needed.contains(i)) continue;
    const auto& stage = file.stages[i];
    const auto add = [&](const std::string& word, StageNames by) {
      const auto name = expand_word(word, lookup, file.escape);
      if (!name || name->empty()) return;
      if (const auto index = find_stage(file, *name, i, by)) needed.insert(*index);
    };
    add(stage.base, StageNames::names);
    for (const auto& instruction : stage.instructions) {
      for (const auto& name : sources_of(instruction)) add(name, StageNames::names_or_numbers);
    }
  }
  return needed;
}

std::set<std::size_t> stages_below(const Dockerfile& file, std::size_t target, const VariableLookup& lookup) {
  std::set<std::size_t> below = {target};
  for (std::optional<std::size_t> at = target; at;) {
    const auto name = expand_word(file.stages[*at].base, lookup, file.escape);
    at = name ? find_stage(file, *name, *at, StageNames::names) : std::nullopt;
    if (at) below.insert(*at);
  }
  return below;
}

}  // namespace ecr
