#pragma once
// What actions/checkout leaves behind so that git in later steps can push: as its version 6 does, in a file
// of the job's temp folder that the repository's configuration includes, which is gone with the post step.
// Never in the repository itself, which artifacts and snapshots hold.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

struct CheckoutLogin {
  std::string server;  ///< https://host[:port]
  std::string token;
  std::string file;  ///< its name in the temp folder
};

/// `https://host[:port]` of a URL; "" of what is none.
std::string server_of(std::string_view url);
/// Nothing when there is no token. `url` is what is fetched from.
std::optional<CheckoutLogin> login_of_checkout(const std::string& url, const std::string& token);
/// What is added to the configuration of the repository in `folder` of the workspace.
std::string config_that_includes(const CheckoutLogin& login, const RunningJob& job, const base::Path& folder);
/// Writes the file. The post step removes it.
base::Result<PostStep> persist(const CheckoutLogin& login, const ActionCall& call, RunningJob& job);

}  // namespace steps::builtin
