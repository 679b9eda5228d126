#pragma once
// The inputs of aws-actions/configure-aws-credentials, read and checked. Not for acting on them.

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "steps/builtin/aws_profile_files.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

struct CredentialsInputs {
  std::string region;
  std::string role;
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  std::string web_identity_token_file;
  std::string audience;
  std::string session_name;
  std::string external_id;
  std::string inline_policy;
  std::vector<std::string> managed_policies;
  std::vector<std::string> allowed_accounts;
  std::vector<std::pair<std::string, std::string>> custom_tags;
  std::vector<std::string> transitive_tag_keys;
  std::string profile;  ///< empty: none is written
  ExistingProfile existing_profile = ExistingProfile::refused;
  std::optional<std::chrono::milliseconds> time_limit;
  std::string sts_endpoint;
  int duration_seconds = 3600;
  std::optional<int> attempts;
  bool role_chaining = false;
  bool skip_oidc = false;
  bool skip_session_tags = false;
  bool mask_account = false;
  bool unset_current = false;
  bool use_existing = false;
  bool output_credentials = false;
  bool plain_keys = false;  ///< of letters and digits alone
  bool export_environment = true;
};

/// An input that is absent is taken from the environment variable of its name, as the action does; keys are
/// not, since they stand for themselves there.
base::Result<CredentialsInputs> read_credentials_inputs(const ActionCall& call, RunningJob& job);

}  // namespace steps::builtin
