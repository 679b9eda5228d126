#pragma once
// The rows of the table of known actions, one file for each family of owners. For known_actions.cpp alone.

#include <span>
#include <string_view>

namespace workflow::lint {

/// Words are separated by spaces. `!name` is required and has no default, `~name` deprecated; `name:3-5`,
/// `name:3-` and `name:-5` say which major versions have it, without it all do. Runtimes begin with the
/// version that brought them. Outputs with `*` depend on the inputs.
struct KnownActionRow {
  std::string_view name;
  int newest_major;
  std::string_view runtimes;
  std::string_view inputs;
  std::string_view outputs;
};

std::span<const KnownActionRow> github_action_rows();          ///< actions/*, github/*
std::span<const KnownActionRow> aws_and_docker_action_rows();  ///< aws-actions/*, docker/*
std::span<const KnownActionRow> other_action_rows();

}  // namespace workflow::lint
