#pragma once
// A sandbox as plain data: what its processes see and may do. Made by pure functions, printed by
// `--dry-run=sandbox`, carried out by enter(). Not for what runs in it (Command).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_fwd.h"

namespace sandbox {

enum class MountKind { bind, tmpfs };
enum class Access { read_only, read_write };

/// One mount of the sandbox beyond its root. Targets are made when missing; bind sources must exist.
struct Mount {
  MountKind kind = MountKind::bind;
  std::string source;  ///< host path, for bind
  std::string target;  ///< absolute path inside
  Access access = Access::read_only;
  std::uint64_t tmpfs_bytes = 0;  ///< size limit; 0 is the kernel's default
  /// Of a bind: what of `source` is meant, when others may write in it: no link leads out of `source`.
  std::string beneath = {};
  bool operator==(const Mount&) const = default;
};

enum class RootKind {
  host,   ///< the host's /usr, /bin, /lib*, /opt and a chosen part of /etc, read-only; all else is absent
  image,  ///< an overlay of unpacked layers
};

/// Where image layers' trees are. `lower` is topmost first; upper and work are folders of one file system.
struct ImageRoot {
  std::vector<std::string> lower;
  std::string upper;
  std::string work;
  bool operator==(const ImageRoot&) const = default;
};

enum class NetworkMode {
  host,      ///< the host's network
  isolated,  ///< a namespace with only lo; the supervisor may connect() in and listen() inside
};

struct Limits {
  std::uint64_t memory_bytes = 0;  ///< 0 is none
  std::uint32_t processes = 0;     ///< 0 is none
  std::uint32_t cpu_millis = 0;    ///< thousandths of a core; 0 is none
  std::uint64_t open_files = 0;    ///< RLIMIT_NOFILE; 0 keeps ours
  std::uint64_t disk_bytes = 0;    ///< of the job's folders; a file alone may not be larger; 0 is none
  bool operator==(const Limits&) const = default;
};

/// What parts its processes from the rest of the machine.
enum class Walls {
  namespaces,
  /// No namespaces: ordinary processes of the host, held by no_new_privs, seccomp and landlock alone. What
  /// they may not touch is refused, not absent; mounts name what they may, each under its own host path.
  landlock,
};

struct Plan {
  Walls walls = Walls::namespaces;
  std::string label;  ///< of cgroups and leftovers: "run-17/build"; [A-Za-z0-9._/-]
  RootKind root = RootKind::host;
  ImageRoot image;            ///< for RootKind::image
  std::vector<Mount> mounts;  ///< in order
  NetworkMode network = NetworkMode::host;
  /// Isolated only: connections to elsewhere arrive at the supervisor, which decides (Sandbox::take_egress).
  bool egress = false;
  Limits limits;
  std::string hostname = "pipeline";
  std::vector<std::string> hosts;  ///< lines added to /etc/hosts
  std::uint32_t uid = 0;           ///< inside ids that processes run as by default
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< more groups of theirs, where there is more than one id
  /// Root mode: which range, 100000 + 65536 * slot. Layers are kept under the ids of slot 0 and shown under
  /// those of this one.
  std::uint32_t id_slot = 0;
  /// Without root: only the runner's own id, also where there is a range. What is written then is the
  /// runner's to read and to remove.
  bool one_id = false;
  bool read_only_root = false;                    ///< of an image; a host root always is
  std::vector<std::string> supplementary_hidden;  ///< more paths to hide under an empty tmpfs or /dev/null
  bool operator==(const Plan&) const = default;
};

base::Json to_json(const Plan& plan);

/// Where its processes may write: what landlock allows.
std::vector<std::string> writable_places(const Plan& plan);
/// What they may read and execute beside that; all of their root where a root decides what there is.
std::vector<std::string> readable_places(const Plan& plan);

/// The host id that an inside id has under a plan on this machine (for chown of a workspace, reading an
/// upper).
std::optional<std::uint32_t> host_uid(const Plan& plan, std::uint32_t inside);
/// How many ids a slot has: a range of the host's.
inline constexpr std::uint32_t kIdsPerSlot = 65'536;
/// First host id of the range of a slot; the runner's own uid when only one id can be mapped.
std::uint32_t first_host_id(std::uint32_t id_slot);

}  // namespace sandbox
