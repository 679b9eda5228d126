#include "steps/builtin/aws_credentials_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin/aws_session_tags.h"
#include "steps/secret_masker.h"

namespace steps::builtin {
namespace {

constexpr std::string_view kDefaultSessionName = "GitHubActions";
constexpr std::size_t kMostCustomTags = 37;  // beside the 13 that the action may set, of STS's 50
constexpr std::size_t kLongestTagKey = 128;
constexpr std::size_t kLongestTagValue = 256;
constexpr int kMostSeconds = 86'400;

/// role-to-assume, or ROLE_TO_ASSUME of the environment.
std::string input_or_variable(const ActionCall& call, std::string_view name) {
  const std::string variable = base::to_upper(base::replace_all(name, "-", "_"));
  return call.input(name, base::trim(call.variable(variable)));
}

bool has_only(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || more.find(c) != std::string_view::npos;
  });
}

/// Comma- or line-separated, trimmed, without empty ones.
std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> list;
  for (const std::string& line : base::split(text, '\n')) {
    for (const std::string& part : base::split(line, ',')) {
      if (!base::trim(part).empty()) list.emplace_back(base::trim(part));
    }
  }
  return list;
}

base::Result<void> check_tag(const std::string& key, std::string_view value) {
  const auto refused = [&key](std::string_view what) {
    return base::invalid_input(fmt::format("custom-tags: '{}' {}", key, what));
  };
  const auto fits = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_tag_character);
  };
  if (key.empty() || key.size() > kLongestTagKey) return refused("must have 1 to 128 characters");
  if (value.size() > kLongestTagValue) return refused("has a value of more than 256 characters");
  if (!fits(key) || !fits(value))
    return refused("has characters that STS does not take: expected letters, digits, spaces and _.:/=+-@");
  if (is_own_tag(key)) return refused("is set by the action itself");
  return {};
}

base::Result<std::vector<std::pair<std::string, std::string>>> read_tags(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> tags;
  if (text.empty()) return tags;
  TRY(const base::Json document, base::parse_json(text).while_doing("reading custom-tags"));
  if (!document.is_object())
    return base::invalid_input("custom-tags: expected a JSON object of names and values");
  for (const auto& [key, value] : document.items()) {
    if (value.is_structured() || value.is_null()) {
      return base::invalid_input(
          fmt::format("custom-tags: the value of '{}' is no text, number or boolean", key));
    }
    auto value_text = value.is_string() ? value.get<std::string>() : base::to_text(value);
    TRY(check_tag(key, value_text));
    tags.emplace_back(key, std::move(value_text));
  }
  if (tags.size() > kMostCustomTags) return base::invalid_input("custom-tags: more than 50 tags in all");
  return tags;
}

base::Result<std::optional<int>> read_number(const ActionCall& call, std::string_view name, int least,
                                             int most) {
  const std::string text = input_or_variable(call, name);
  if (text.empty()) return std::optional<int>();
  const auto number = base::parse_integer(text);
  if (!number || *number < least || *number > most) {
    return base::invalid_input(
        fmt::format("{}: expected a number from {} to {}, found '{}'", name, least, most, text));
  }
  return std::optional<int>(static_cast<int>(*number));
}

/// The booleans of YAML 1.2, as @actions/core has it; `fallback` when absent.
base::Result<bool> read_flag(const ActionCall& call, std::string_view name, bool fallback) {
  const std::string text = input_or_variable(call, name);
  if (text.empty()) return fallback;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return base::invalid_input(
      fmt::format("Input does not meet YAML 1.2 \"Core Schema\" specification: {}\n"
                  "Support boolean input list: `true | True | TRUE | false | False | FALSE`",
                  name));
}

void read_texts(const ActionCall& call, CredentialsInputs& inputs) {
  const auto text = [&](std::string_view name) { return input_or_variable(call, name); };
  inputs.region = text("aws-region");
  inputs.role = text("role-to-assume");
  inputs.web_identity_token_file = text("web-identity-token-file");
  inputs.audience = text("audience");
  inputs.session_name = text("role-session-name");
  if (inputs.session_name.empty()) inputs.session_name = kDefaultSessionName;
  inputs.external_id = text("role-external-id");
  inputs.inline_policy = text("inline-session-policy");
  inputs.managed_policies = list_of(text("managed-session-policies"));
  inputs.transitive_tag_keys = list_of(text("transitive-tag-keys"));
  inputs.allowed_accounts = list_of(call.input("allowed-account-ids"));
  inputs.sts_endpoint = call.input("sts-endpoint");
}

base::Result<void> read_flags(const ActionCall& call, CredentialsInputs& inputs) {
  const std::pair<const char*, bool*> flags[] = {
      {"role-chaining", &inputs.role_chaining},
      {"force-skip-oidc", &inputs.skip_oidc},
      {"role-skip-session-tagging", &inputs.skip_session_tags},
      {"mask-aws-account-id", &inputs.mask_account},
      {"unset-current-credentials", &inputs.unset_current},
      {"output-credentials", &inputs.output_credentials},
      {"special-characters-workaround", &inputs.plain_keys},
  };
  for (const auto& [name, flag] : flags) {
    TRY(*flag, read_flag(call, name, false));
  }
  inputs.use_existing = is_true(input_or_variable(call, "use-existing-credentials"));
  TRY(inputs.export_environment, read_flag(call, "output-env-credentials", inputs.profile.empty()));
  TRY(const bool overwrite, read_flag(call, "overwrite-aws-profile", false));
  if (overwrite) inputs.existing_profile = ExistingProfile::replaced;
  TRY(const bool once, read_flag(call, "disable-retry", false));
  if (once) inputs.attempts = 1;
  return {};
}

base::Result<void> check(const CredentialsInputs& inputs) {
  const auto is_region_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (inputs.region.empty()) return base::invalid_input("Input required and not supplied: aws-region");
  if (!std::all_of(inputs.region.begin(), inputs.region.end(), is_region_character)) {
    return base::invalid_input("Region is not valid: " + inputs.region);
  }
  const auto& session = inputs.session_name;
  if (session.size() < 2 || session.size() > 64) {
    return base::invalid_input(fmt::format(
        "Role session name must be between 2 and 64 characters, got {}: '{}'", session.size(), session));
  }
  if (!has_only(session, "_+=,.@-")) {
    return base::invalid_input(fmt::format(
        "Role session name is not valid: '{}'. Must satisfy regular expression pattern: [\\w+=,.@-]*",
        session));
  }
  if (!inputs.access_key_id.empty() && inputs.secret_access_key.empty()) {
    return base::invalid_input("'aws-secret-access-key' must be provided if 'aws-access-key-id' is provided");
  }
  if (inputs.skip_oidc && !inputs.role.empty() && inputs.access_key_id.empty() &&
      inputs.web_identity_token_file.empty()) {
    return base::invalid_input(
        "If 'force-skip-oidc' is true and 'role-to-assume' is set, 'aws-access-key-id' or "
        "'web-identity-token-file' must be set");
  }
  return {};
}

}  // namespace

base::Result<CredentialsInputs> read_credentials_inputs(const ActionCall& call, RunningJob& job) {
  CredentialsInputs inputs;
  inputs.access_key_id = call.input("aws-access-key-id");
  inputs.secret_access_key = call.input("aws-secret-access-key");
  inputs.session_token = call.input("aws-session-token");
  job.masker->add(inputs.secret_access_key);
  job.masker->add(inputs.session_token);
  inputs.profile = call.input("aws-profile");
  read_texts(call, inputs);
  TRY(inputs.custom_tags, read_tags(call.input("custom-tags")));
  TRY(const auto duration, read_number(call, "role-duration-seconds", 900, 43'200));
  inputs.duration_seconds = duration.value_or(inputs.duration_seconds);
  TRY(inputs.attempts, read_number(call, "retry-max-attempts", 0, 100));
  if (inputs.attempts) inputs.attempts = std::max(1, *inputs.attempts);
  TRY(const auto seconds, read_number(call, "action-timeout-s", 0, kMostSeconds));
  if (seconds.value_or(0) > 0) inputs.time_limit = std::chrono::seconds(*seconds);
  TRY(read_flags(call, inputs));
  TRY(check(inputs));
  return inputs;
}

}  // namespace steps::builtin
