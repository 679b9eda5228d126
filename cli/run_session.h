#pragma once
// What stands for a whole call of `pipeline run` or `pipeline rerun`, whatever number of workflows it runs:
// options, secrets, the state folder, the emulator. Not for one run (run_one).

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/http_client.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "cli/emulator_session.h"
#include "cli/stored_secrets.h"
#include "ecr/image_store.h"
#include "runner/action_store.h"
#include "runner/environment_rules.h"
#include "runner/run_options.h"
#include "runner/run_store.h"
#include "steps/blob_store.h"
#include "steps/secret_masker.h"

namespace cli {

struct Session {
  runner::RunOptions options;
  steps::SecretMasker masker;
  std::unique_ptr<base::HttpClient> http = base::make_curl_http_client();
  std::unique_ptr<runner::RunStore> store;
  std::optional<ecr::ImageStore> images;
  std::shared_ptr<steps::BlobStore> results;
  std::optional<runner::ActionStore> actions;
  std::unique_ptr<EmulatorSession> emulator;
  std::unique_ptr<StoredSecrets> stored_secrets;  ///< with --stored-secrets
  std::set<std::string> stored_variables;         ///< names: an environment may cover them
  std::string probe_url;
  std::map<std::string, runner::EnvironmentRules> environments;  ///< of .pipeline.yml, by lower-case name
  bool verbose = false;
};

/// What the flags say; nothing is opened or started yet.
base::Result<void> fill_options(const CommonFlags& common, const RunFlags& flags, Session& session);
/// The state folder, made when missing, with its history and images.
base::Result<void> open_state(Session& session);
/// With --emulator: the one that is up, or one for this call.
base::Result<void> attach_emulator(const CommonFlags& common, const RunFlags& flags, Session& session);

}  // namespace cli
