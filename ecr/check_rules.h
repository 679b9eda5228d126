#pragma once
// BuildKit's build checks as a table, and which of them a Dockerfile asks for. What breaks a rule is
// found by dockerfile_checks.

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ecr {

enum class Check {
  stage_name_casing,
  from_as_casing,
  no_empty_continuation,
  consistent_instruction_casing,
  duplicate_stage_name,
  reserved_stage_name,
  json_args_recommended,
  maintainer_deprecated,
  undefined_arg_in_from,
  workdir_relative_path,
  undefined_var,
  multiple_instructions_disallowed,
  legacy_key_value_format,
  redundant_target_platform,
  secrets_used_in_arg_or_env,
  invalid_default_arg_in_from,
  from_platform_flag_const_disallowed,
  copy_ignored_file,
  invalid_definition_description,
  expose_proto_casing,
  expose_invalid_format,
  invalid_base_image_platform,
};

struct CheckRule {
  std::string_view name;         ///< as `skip=` has it
  std::string_view page;         ///< below kRulePages; empty: it has none
  std::string_view description;  ///< a sentence without its full stop
  bool experimental = false;     ///< held only where `experimental=` asks for it
};
inline constexpr const char* kRulePages = "https://docs.docker.com/go/dockerfile/rule/";
const CheckRule& rule_of(Check check);
/// Its address, or nothing.
std::string page_of(const CheckRule& rule);

/// `skip=A,B;experimental=C;error=true`, in a `# check=` or the build-arg BUILDKIT_DOCKERFILE_CHECK. Names
/// that no rule has are left alone: a newer builder may know them.
struct CheckSettings {
  bool skips_all = false;
  bool holds_experiments = false;  ///< all of them
  bool fails = false;              ///< a finding is an error
  std::set<std::string, std::less<>> skipped;
  std::set<std::string, std::less<>> experiments;

  [[nodiscard]] bool holds(const CheckRule& rule) const;
};
base::Result<CheckSettings> parse_check_settings(std::string_view text);

inline constexpr const char* kCheckArg = "BUILDKIT_DOCKERFILE_CHECK";

}  // namespace ecr
