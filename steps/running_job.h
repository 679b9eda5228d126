#pragma once
// The state of one job while it runs, owned by the job's thread. Plain data: what runs steps takes it by
// reference. Not for what outlives the job (runner/run_store) nor for the plan itself.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/http_client.h"
#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/log_sink.h"
#include "steps/ordered_texts.h"
#include "steps/step_result.h"
#include "workflow/cache_mode.h"
#include "workflow/contexts.h"

namespace ecr {
class ImageStore;
}
namespace workflow {
struct Step;
struct PlannedJob;
struct RepositoryReference;
}  // namespace workflow

namespace steps {

class ArtifactSubjects;
class AwsSessions;
class BlobStore;
class ActionUses;
class ProblemMatchers;
class SecretMasker;
struct RunningJob;

/// One folder as the runner and as the steps see it.
struct SharedFolder {
  base::Path host;
  std::string inside;
};

/// The folders of a job. All exist before the first step.
struct JobFolders {
  SharedFolder workspace;      ///< GITHUB_WORKSPACE
  SharedFolder temp;           ///< RUNNER_TEMP; emptied at job start and end
  SharedFolder file_commands;  ///< environment files of the steps
  SharedFolder actions;        ///< sources of actions
  SharedFolder tool_cache;     ///< RUNNER_TOOL_CACHE
  SharedFolder home;           ///< of containers, /github/home; steps on the host do not see it
  SharedFolder workflow;       ///< the event's payload
  base::Path scratch;          ///< the runner's own, not seen by steps
};

/// The host path of a path that steps use; not_found when it lies in no shared folder. Purely by prefix:
/// open what is there by base::open_beneath(folder, rest), since steps may have put symlinks in it.
struct HostLocation {
  base::Path folder;
  base::Path relative;
};
base::Result<HostLocation> to_host(const JobFolders& folders, const std::string& inside);
/// Reads a file that steps named, without following a symlink out of its shared folder.
base::Result<std::string> read_job_file(const JobFolders& folders, const std::string& inside,
                                        std::size_t limit);

/// Registry logins of the job by registry host; in memory only, gone with the job.
struct RegistryLogin {
  std::string username;
  std::string password;
};

enum class DockerMode { builtin, host };

/// Which artifacts and caches a job reaches, in steps/artifacts.h and steps/caches.h (GitHub docs
/// "Restrictions for accessing a cache").
struct ResultsAccess {
  BlobStore* store = nullptr;             ///< absent where nothing is kept
  std::int64_t run_id = 0;                ///< whose artifacts
  std::string job;                        ///< its key in the run
  std::string repository;                 ///< whose caches
  std::string cache_scope;                ///< the ref that its caches are saved for
  std::vector<std::string> cache_scopes;  ///< the refs whose caches it gets, nearest first
  workflow::CacheMode cache_mode = workflow::CacheMode::write;
};

/// What containers that steps start, by Docker actions and `docker run`, have in common with the job's
/// sandbox.
struct ContainerSurroundings {
  sandbox::Plan plan;  ///< label, network, limits, slot; without root and mounts
  base::Path folder;   ///< on a real disk, for what containers change; not seen by steps
  /// Makes the job's service containers reachable in a sandbox, for as long as what it returns lives.
  std::function<base::Result<std::shared_ptr<void>>(sandbox::Sandbox&)> connect;
  /// The same for one with a network of its own: it gets the way out that the job's policy leaves it, if any.
  std::function<base::Result<std::shared_ptr<void>>(sandbox::Sandbox&)> connect_apart;
  bool leads_out = false;  ///< whether there is one: then the plan has to have egress
};

/// The files of another repository at one commit, as the runner has them.
struct ActionRepository {
  base::Path folder;
  std::vector<std::string> files;  ///< of the folder, relative; empty: all
  std::string commit;              ///< empty for a folder of the user's that stands for the repository
};
/// How getting one goes along with the job.
struct ActionFetch {
  std::stop_token stop;
  std::function<void(const std::string& line)> say;  ///< for the log of the job
};

/// In steps/aws_sessions.h; complete types of aws/ are no concern of those who run jobs.
std::shared_ptr<AwsSessions> make_aws_sessions();

/// What the runner offers to its jobs. The functions may be called from the job's thread only.
struct JobServices {
  /// Mints an OIDC token for an audience; absent without `permissions: id-token: write`.
  std::function<base::Result<std::string>(const std::string& audience)> mint_id_token;
  std::string id_token_request_url;  ///< already holds a query string
  std::string id_token_request_token;
  base::HttpClient* http = nullptr;
  base::Clock* clock = nullptr;  ///< the system's when absent
  ecr::ImageStore* images = nullptr;
  ResultsAccess results;
  DockerMode docker = DockerMode::builtin;
  sandbox::NetworkMode network = sandbox::NetworkMode::host;  ///< of what is built: isolated under a policy
  /// Why the job's network policy forbids a connection to a registry; empty when it does not.
  std::function<std::string(const std::string& host, std::uint16_t port)> why_no_connection;
  /// Which limit of the job made its processes end, as people read it; empty: none that the sandbox knows
  /// not.
  std::function<std::string()> limit_that_ended_it;
  base::Path repository;  ///< the user's checkout that `actions/checkout` takes from
  /// Gets a repository that an action of the job is in. May be called from several threads at once.
  std::function<base::Result<ActionRepository>(const workflow::RepositoryReference&, const ActionFetch&)>
      fetch_action;
  /// Whether the user gave a folder of their own for this `uses`, which then wins over a built-in.
  std::function<bool(const workflow::RepositoryReference&)> is_replaced;
  /// Said at the start of every job whose actions come from elsewhere; empty is nothing.
  std::string actions_notice;
  /// Hosts of registries that stand for others: ECR's host names → the emulator's address.
  std::map<std::string, std::string> registry_endpoints;
  /// Held around every use of registry_logins; steps/registry_logins.h does so.
  std::shared_ptr<std::mutex> registry_logins_mutex = std::make_shared<std::mutex>();
  std::map<std::string, RegistryLogin> registry_logins;
  /// Credentials that steps got for later ones, with the way to renew them; gone with the job.
  std::shared_ptr<AwsSessions> aws_sessions = make_aws_sessions();
  std::uint32_t host_uid = 0;                       ///< owner of what the runner puts into shared folders
  std::optional<ContainerSurroundings> containers;  ///< nothing: Docker actions cannot run
  /// Built-ins that are not to be used: `owner/name`, or `name` for any owner.
  std::vector<std::string> no_builtin;
};

class EnvironmentFiles;

/// What no step has to wait for: done while the next process runs, or with the job.
struct Chores {
  std::vector<std::shared_ptr<void>> discarded;  ///< files of steps; removed when this lets go of them
  std::shared_ptr<EnvironmentFiles> prepared;    ///< for the next process
};

/// Runs after the job's steps, last registered first.
struct PostStep {
  std::string name;
  std::function<base::Result<void>(RunningJob&)> run;
  std::string condition;                      ///< an expression; empty is always()
  std::string opening = "Post job cleanup.";  ///< its first line; may be empty
  /// Instead of all these: a step that has its own condition, env and limits.
  std::function<base::Result<StepResult>(RunningJob&)> step;
};

/// What the steps of a job run in: the machine's own files, or an image.
enum class JobRoot { host, container };

struct RunningJob {
  const workflow::PlannedJob* planned = nullptr;
  JobRoot root = JobRoot::host;
  /// The machine's node as it is started in a container whose image has none; empty: it cannot be.
  std::vector<std::string> node_in_container;
  workflow::Defaults workflow_defaults;  ///< of the workflow; the job's are in planned
  workflow::Contexts contexts;
  sandbox::Sandbox* sandbox = nullptr;
  JobFolders folders;
  /// HOME and the like, in a container also the image's variables: below all else, and in no context.
  sandbox::EnvVars machine_environment;
  OrderedVariables environment;  ///< workflow and job `env`, and what GITHUB_ENV added since
  sandbox::EnvVars
      runtime_environment;  ///< ACTIONS_RUNTIME_URL …, which JavaScript actions get and run steps do not
  std::vector<std::string> search_path;  ///< what GITHUB_PATH added, newest first
  SecretMasker* masker = nullptr;
  LogSink* log = nullptr;
  std::vector<PostStep> post_steps;
  std::shared_ptr<ProblemMatchers> matchers;  ///< what steps added so far; made when the first is added
  std::shared_ptr<ArtifactSubjects> artifact_subjects;  ///< of GITHUB_ARTIFACTS; absent: it is not looked at
  std::shared_ptr<ActionUses> actions;  ///< those that were prepared; one for all copies of the job
  JobServices* services = nullptr;
  std::shared_ptr<Chores> chores = std::make_shared<Chores>();  ///< one for all copies of the job
  std::stop_token stop;
  std::stop_token abandoned;  ///< the time that a cancelled job has for cleaning up is over: all ends
  Conclusion status = Conclusion::success;  ///< the worst so far: what success() and failure() look at
  std::string failed_step;                  ///< the name of the first that made it a failure
};

}  // namespace steps
