#pragma once
// RUN --mount: caches that outlive the build, secrets that leave no trace, scratch memory, files of the
// context or of other stages, and the way to an ssh agent.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "ecr/agent_relay.h"
#include "ecr/image_store.h"
#include "sandbox/plan.h"

namespace ecr {

/// One --mount, its variables replaced.
struct BuildMount {
  enum class Type { bind, cache, secret, ssh, tmpfs } type = Type::bind;
  enum class Sharing { shared, own, locked };
  std::string target;    ///< absolute; empty for a secret that is only a variable
  std::string id;        ///< of caches, secrets and agents
  std::string from;      ///< of bind and cache: stage or image; empty is the context
  std::string source;    ///< of bind and cache: below `from`
  std::string variable;  ///< of a secret: the environment variable that has it
  bool required = false;
  bool read_only = false;
  Sharing sharing = Sharing::shared;  ///< of a cache among builds at a time
  mode_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint64_t bytes = 0;  ///< limit of a tmpfs; 0 is none
};

/// `type=cache,target=/root/.cache,…`. A relative target is below `working_dir`.
base::Result<BuildMount> parse_build_mount(std::string_view text, const std::string& working_dir);

/// What mounts are made of.
struct MountMaterial {
  const std::map<std::string, std::string>& secrets;    ///< by id
  const std::map<std::string, AgentConnector>& agents;  ///< ssh agents by id
  /// Copies what a bind or cache mount names to the path, which is not there yet.
  std::function<base::Result<void>(const BuildMount& mount, const base::Path& to)> copy;
};

/// Mounts with their sources made, for one command.
class PreparedMounts {
 public:
  /// Waits for a cache that another build has locked, until `stop`.
  static base::Result<PreparedMounts> prepare(const std::vector<BuildMount>& mounts,
                                              const MountMaterial& material, ImageStore& store,
                                              const std::stop_token& stop);
  /// A program written inline, to be run at `target`.
  base::Result<void> add_script(std::string_view content, const std::string& target, ImageStore& store);
  [[nodiscard]] const std::vector<sandbox::Mount>& mounts() const { return mounts_; }
  [[nodiscard]] const std::map<std::string, std::string>& variables() const { return variables_; }
  /// Once they are mounted: files with secrets have no name from now on.
  void forget_secrets() { secrets_.reset(); }

 private:
  base::Result<void> add(const BuildMount& mount, const MountMaterial& material, ImageStore& store,
                         const std::stop_token& stop);
  base::Result<void> add_bind(const BuildMount& mount, const MountMaterial& material, ImageStore& store);
  base::Result<void> add_cache(const BuildMount& mount, const MountMaterial& material, ImageStore& store,
                               const std::stop_token& stop);
  base::Result<void> add_secret(const BuildMount& mount, const std::map<std::string, std::string>& secrets);
  base::Result<void> add_agent(const BuildMount& mount, const std::map<std::string, AgentConnector>& agents,
                               ImageStore& store);
  base::Result<void> add_file(std::string_view content, const base::Path& folder, const std::string& target,
                              const BuildMount& like);

  std::vector<sandbox::Mount> mounts_;
  std::map<std::string, std::string> variables_;
  std::vector<base::FileLock> locks_;
  std::unique_ptr<base::TempDir> secrets_;  ///< in memory
  std::vector<base::TempDir> rooms_;
  std::vector<std::unique_ptr<AgentRelay>> relays_;
};

}  // namespace ecr
