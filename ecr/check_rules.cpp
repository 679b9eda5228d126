#include "ecr/check_rules.h"

#include <fmt/format.h>

#include <array>

#include "base/strings.h"

namespace ecr {

namespace {

using base::Result;

// In the order of `Check`; names, pages and descriptions are those of BuildKit's linter.
constexpr std::array<CheckRule, 22> kCheckRules = {{
    {"StageNameCasing", "stage-name-casing", "Stage names should be lowercase"},
    {"FromAsCasing", "from-as-casing", "The 'as' keyword should match the case of the 'from' keyword"},
    {"NoEmptyContinuation", "no-empty-continuation",
     "Empty continuation lines will become errors in a future release"},
    {"ConsistentInstructionCasing", "consistent-instruction-casing",
     "All commands within the Dockerfile should use the same casing (either upper or lower)"},
    {"DuplicateStageName", "duplicate-stage-name", "Stage names should be unique"},
    {"ReservedStageName", "reserved-stage-name", "Reserved words should not be used as stage names"},
    {"JSONArgsRecommended", "json-args-recommended",
     "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals"},
    {"MaintainerDeprecated", "maintainer-deprecated",
     "The MAINTAINER instruction is deprecated, use a label instead to define an image author"},
    {"UndefinedArgInFrom", "undefined-arg-in-from", "FROM command must use declared ARGs"},
    {"WorkdirRelativePath", "workdir-relative-path",
     "Relative workdir without an absolute workdir declared within the build can have unexpected results if "
     "the base image changes"},
    {"UndefinedVar", "undefined-var", "Variables should be defined before their use"},
    {"MultipleInstructionsDisallowed", "multiple-instructions-disallowed",
     "Multiple instructions of the same type should not be used in the same stage"},
    {"LegacyKeyValueFormat", "legacy-key-value-format",
     "Legacy key/value format with whitespace separator should not be used"},
    {"RedundantTargetPlatform", "redundant-target-platform",
     "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior"},
    {"SecretsUsedInArgOrEnv", "secrets-used-in-arg-or-env",
     "Sensitive data should not be used in the ARG or ENV commands"},
    {"InvalidDefaultArgInFrom", "invalid-default-arg-in-from",
     "Default value for global ARG results in an empty or invalid base image name"},
    {"FromPlatformFlagConstDisallowed", "from-platform-flag-const-disallowed",
     "FROM --platform flag should not use a constant value"},
    {"CopyIgnoredFile", "copy-ignored-file", "Attempting to Copy file that is excluded by .dockerignore"},
    {"InvalidDefinitionDescription", "invalid-definition-description",
     "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If "
     "this is not intended to be a description comment, add an empty line or comment between the "
     "instruction and the comment.",
     true},
    {"ExposeProtoCasing", "expose-proto-casing", "Protocol in EXPOSE instruction should be lowercase"},
    {"ExposeInvalidFormat", "expose-invalid-format",
     "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error "
     "in a future release"},
    {"InvalidBaseImagePlatform", "", "Base image platform does not match expected target platform"},
}};
static_assert(kCheckRules.size() == static_cast<std::size_t>(Check::invalid_base_image_platform) + 1);

using RuleNames = std::set<std::string, std::less<>>;

/// `all`, or names.
void take_rules(std::string_view value, bool& all, RuleNames& names) {
  all = value == "all";
  if (all) return;
  for (const auto& name : base::split(std::string(value), ',')) names.emplace(base::trim(name));
}

Result<bool> parse_fails(std::string_view value) {
  for (const auto* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (value == yes) return true;
  }
  for (const auto* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (value == no) return false;
  }
  return base::invalid_input(fmt::format("check: error={}: expected true or false", value));
}

}  // namespace

std::string page_of(const CheckRule& rule) {
  return rule.page.empty() ? "" : fmt::format("{}{}/", kRulePages, rule.page);
}

const CheckRule& rule_of(Check check) {
  return kCheckRules[static_cast<std::size_t>(check)];
}

bool CheckSettings::holds(const CheckRule& rule) const {
  if (rule.experimental) return holds_experiments || experiments.contains(rule.name);
  return !skips_all && !skipped.contains(rule.name);
}

Result<CheckSettings> parse_check_settings(std::string_view text) {
  CheckSettings settings;
  if (base::trim(text).empty()) return settings;
  for (const auto& part : base::split(std::string(text), ';')) {
    const auto equals = part.find('=');
    const auto key = base::trim(std::string_view(part).substr(0, equals));
    const auto value =
        equals == std::string::npos ? "" : base::trim(std::string_view(part).substr(equals + 1));
    if (equals != std::string::npos && key == "skip") {
      take_rules(value, settings.skips_all, settings.skipped);
    } else if (equals != std::string::npos && key == "experimental") {
      take_rules(value, settings.holds_experiments, settings.experiments);
    } else if (equals != std::string::npos && key == "error") {
      TRY(settings.fails, parse_fails(value));
    } else {
      return base::invalid_input(
          fmt::format("check: expected skip=…, experimental=… or error=…, found '{}'", part));
    }
  }
  return settings;
}

}  // namespace ecr
