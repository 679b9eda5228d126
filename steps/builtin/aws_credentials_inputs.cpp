#include "steps/builtin/aws_credentials_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/secret_masker.h"

namespace steps::builtin {
namespace {

constexpr std::string_view kDefaultSessionName = "GitHubActions";
constexpr std::size_t kMostTags = 50;
constexpr std::string_view kProtectedTags[] = {"GitHub", "Repository", "Workflow", "Action",
                                               "Actor",  "Branch",     "Commit"};

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
    if (key.empty() || key.size() > 128)
      return base::invalid_input("custom-tags: a key must have 1 to 128 characters");
    if (std::find(std::begin(kProtectedTags), std::end(kProtectedTags), key) != std::end(kProtectedTags)) {
      return base::invalid_input(fmt::format("custom-tags: '{}' is set by the action itself", key));
    }
    tags.emplace_back(key, value.is_string() ? value.get<std::string>() : base::to_text(value));
  }
  if (tags.size() > kMostTags - std::size(kProtectedTags))
    return base::invalid_input("custom-tags: more than 50 tags in all");
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

base::Result<void> refuse_what_is_not_done(const ActionCall& call, RunningJob& job) {
  if (!call.input("aws-profile").empty()) {
    return base::invalid_input(
        "aws-profile is not offered here: credentials go to the environment of later steps. Remove it, "
        "or write the profile in a step of your own");
  }
  if (!call.input("action-timeout-s").empty())
    warn(job,
         fmt::format("The input 'action-timeout-s' of {} has no effect here: use timeout-minutes of the step",
                     call.uses));
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
  if (inputs.session_name.size() < 2 || inputs.session_name.size() > 64 ||
      !has_only(inputs.session_name, "_+=,.@-")) {
    return base::invalid_input(fmt::format(
        "role-session-name '{}': expected 2 to 64 letters, digits and _+=,.@-", inputs.session_name));
  }
  if (!inputs.access_key_id.empty() && inputs.secret_access_key.empty()) {
    return base::invalid_input("'aws-secret-access-key' must be provided if 'aws-access-key-id' is provided");
  }
  return {};
}

}  // namespace

base::Result<CredentialsInputs> read_credentials_inputs(const ActionCall& call, RunningJob& job) {
  TRY(refuse_what_is_not_done(call, job));
  const auto text = [&](std::string_view name) { return input_or_variable(call, name); };
  const auto flag = [&](std::string_view name) { return is_true(input_or_variable(call, name)); };
  CredentialsInputs inputs;
  inputs.access_key_id = call.input("aws-access-key-id");
  inputs.secret_access_key = call.input("aws-secret-access-key");
  inputs.session_token = call.input("aws-session-token");
  job.masker->add(inputs.secret_access_key);
  job.masker->add(inputs.session_token);
  inputs.region = text("aws-region");
  inputs.role = text("role-to-assume");
  inputs.web_identity_token_file = text("web-identity-token-file");
  inputs.audience = text("audience");
  inputs.session_name = text("role-session-name");
  if (inputs.session_name.empty()) inputs.session_name = kDefaultSessionName;
  inputs.external_id = text("role-external-id");
  inputs.inline_policy = text("inline-session-policy");
  inputs.managed_policies = list_of(text("managed-session-policies"));
  inputs.allowed_accounts = list_of(call.input("allowed-account-ids"));
  inputs.sts_endpoint = call.input("sts-endpoint");
  TRY(inputs.custom_tags, read_tags(call.input("custom-tags")));
  TRY(const auto duration, read_number(call, "role-duration-seconds", 900, 43'200));
  inputs.duration_seconds = duration.value_or(inputs.duration_seconds);
  TRY(inputs.attempts, read_number(call, "retry-max-attempts", 0, 100));
  if (inputs.attempts) inputs.attempts = std::max(1, *inputs.attempts);
  if (flag("disable-retry")) inputs.attempts = 1;
  inputs.role_chaining = flag("role-chaining");
  inputs.skip_oidc = flag("force-skip-oidc");
  inputs.skip_session_tags = flag("role-skip-session-tagging");
  inputs.mask_account = flag("mask-aws-account-id");
  inputs.unset_current = flag("unset-current-credentials");
  inputs.use_existing = flag("use-existing-credentials");
  inputs.output_credentials = flag("output-credentials");
  inputs.plain_keys = flag("special-characters-workaround");
  inputs.export_environment = is_true(call.input("output-env-credentials", "true"));
  TRY(check(inputs));
  return inputs;
}

}  // namespace steps::builtin
