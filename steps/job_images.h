#pragma once
// Images for a job's containers: from the local store, or pulled into it with the job's logins. Three tries,
// as actions/runner has (ContainerOperationProvider.cs).

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"
#include "steps/running_job.h"

namespace steps {

enum class PullPolicy { missing, always, never };

struct ImageRequest {
  std::string image;                   ///< as written
  std::optional<RegistryLogin> login;  ///< for its registry; in place of the job's own
  PullPolicy policy = PullPolicy::missing;
  std::stop_token stop;
  std::function<void(std::string_view line)> say;
};

/// How registries are reached from the job: as the machine's user says of them (ecr/registries_config.h),
/// with the job's logins. Mirrors that the job's network policy forbids are not asked.
base::Result<ecr::RegistryOptions> registry_options(JobServices& services, const std::stop_token& stop);

/// A registry is named by the workflow, so what the runner asks of it is held against the job's network
/// policy.
base::Result<void> check_registry(const JobServices& services, const ecr::ImageReference& reference);

/// What GitHub's own registries take without credentials: the job's token, if it has one (actions/runner
/// ContainerOperationProvider.cs UpdateRegistryAuthForGitHubToken). Nothing for all others.
std::optional<RegistryLogin> login_of_token(const std::string& image,
                                            const workflow::expression::Value& github);

/// The Error says which image, and why it is not to be had.
base::Result<ecr::Image> obtain_image(const ImageRequest& request, JobServices& services);

}  // namespace steps
