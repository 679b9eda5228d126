#include "ecr/build_mounts.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/similar_name.h"
#include "base/strings.h"
#include "ecr/byte_size.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

constexpr std::chrono::milliseconds kAskAgain{100};
// In memory: no disk sees what a secret is.
constexpr const char* kMemoryFolder = "/dev/shm";

base::Error bad(std::string message) {
  return make_error(ErrorKind::invalid_input, "RUN --mount: " + std::move(message));
}

Result<std::uint32_t> parse_number(const std::string& key, const std::string& value, int radix) {
  char* end = nullptr;
  const unsigned long number = std::strtoul(value.c_str(), &end, radix);
  const bool is_number = !value.empty() && value[0] >= '0' && value[0] <= '9' && *end == 0;
  if (!is_number || number > 65'535)
    return bad(fmt::format("{}: expected a number up to 65535, found '{}'", key, value));
  return static_cast<std::uint32_t>(number);
}

Result<bool> parse_bool(const std::string& key, const std::string& value) {
  if (value.empty() || value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return bad(fmt::format("{}: expected true or false, found '{}'", key, value));
}

Result<BuildMount::Type> parse_type(const std::string& value) {
  if (value == "cache") return BuildMount::Type::cache;
  if (value == "secret") return BuildMount::Type::secret;
  if (value == "tmpfs") return BuildMount::Type::tmpfs;
  if (value == "bind") return BuildMount::Type::bind;
  if (value == "ssh") return BuildMount::Type::ssh;
  return bad(fmt::format("type={} is not supported; what is: bind, cache, secret, ssh, tmpfs", value));
}

/// The options that are texts; whether it was one of them.
bool set_mount_text(const std::string& key, const std::string& value, BuildMount& mount) {
  if (key == "target" || key == "dst" || key == "destination") {
    mount.target = value;
  } else if (key == "id") {
    mount.id = value;
  } else if (key == "env") {
    mount.variable = value;
  } else if (key == "from") {
    mount.from = value;
  } else if (key == "source" || key == "src") {
    mount.source = value;
  } else {
    return false;
  }
  return true;
}

Result<BuildMount::Sharing> parse_sharing(const std::string& value) {
  if (value == "shared") return BuildMount::Sharing::shared;
  if (value == "private") return BuildMount::Sharing::own;
  if (value == "locked") return BuildMount::Sharing::locked;
  return bad(fmt::format("sharing={}: expected shared, private or locked", value));
}

std::string near_option(const std::string& key) {
  static constexpr std::string_view kOptions[] = {
      "type", "target", "dst",      "destination", "id",   "env", "from", "source", "src",    "required",
      "ro",   "rw",     "readonly", "readwrite",   "mode", "uid", "gid",  "size",   "sharing"};
  const auto near = base::similar_name(key, kOptions);
  return near ? fmt::format(" (did you mean {}?)", *near) : "";
}

Result<void> set_option(const std::string& key, const std::string& value, BuildMount& mount) {
  if (set_mount_text(key, value, mount)) return {};
  if (key == "required") {
    TRY(mount.required, parse_bool(key, value));
  } else if (key == "readonly" || key == "ro") {
    TRY(mount.read_only, parse_bool(key, value));
  } else if (key == "rw" || key == "readwrite") {
    TRY(const bool writable, parse_bool(key, value));
    mount.read_only = !writable;
  } else if (key == "mode") {
    TRY(mount.mode, parse_number(key, value, 8));
  } else if (key == "uid") {
    TRY(mount.uid, parse_number(key, value, 10));
  } else if (key == "gid") {
    TRY(mount.gid, parse_number(key, value, 10));
  } else if (key == "size") {
    TRY(mount.bytes, parse_byte_size(value).while_doing("RUN --mount: size"));
  } else if (key == "sharing") {
    TRY(mount.sharing, parse_sharing(base::to_lower(value)));
  } else {
    return bad(fmt::format("unexpected key '{}'{}", key, near_option(key)));
  }
  return {};
}

/// Which types take an option; types it says nothing of take all that are not listed.
bool takes_option(BuildMount::Type type, const std::string& key) {
  using Type = BuildMount::Type;
  if (key == "size") return type == Type::tmpfs;
  if (key == "sharing") return type == Type::cache;
  if (key == "env") return type == Type::secret;
  if (key == "required") return type == Type::secret || type == Type::ssh;
  if (key == "mode" || key == "uid" || key == "gid" || key == "id")
    return type != Type::bind && type != Type::tmpfs;
  if (key == "from") return type == Type::bind || type == Type::cache;
  if (key == "source" || key == "src") return type != Type::tmpfs && type != Type::ssh;
  return true;
}

constexpr std::string_view type_name(BuildMount::Type type) {
  constexpr std::string_view kNames[] = {"bind", "cache", "secret", "ssh", "tmpfs"};
  return kNames[static_cast<std::size_t>(type)];
}

/// Whether `name` may be a file of its own below /run/secrets.
bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

Result<void> complete_secret(BuildMount& mount) {
  // `source` is another word for the id.
  if (mount.id.empty()) mount.id = mount.source;
  if (mount.id.empty()) mount.id = Path(mount.target).filename().string();
  if (mount.id.empty()) return bad("a secret needs an id or a target");
  if (mount.target.empty() && mount.variable.empty()) {
    const auto name = Path(mount.id).filename().string();
    if (!is_file_name(name)) return bad(fmt::format("the secret \"{}\" needs a target", mount.id));
    mount.target = "/run/secrets/" + name;
  }
  return {};
}

Result<void> complete(BuildMount& mount, const std::string& working_dir) {
  const bool is_secret = mount.type == BuildMount::Type::secret;
  if (is_secret) TRY(complete_secret(mount));
  if (mount.type == BuildMount::Type::ssh) {
    if (mount.id.empty()) mount.id = "default";
    if (mount.target.empty()) mount.target = "/run/buildkit/ssh_agent.0";
  }
  if (mount.target.empty() && !is_secret) return bad("the target is missing");
  if (mount.target.empty()) return {};
  mount.target = (Path(working_dir.empty() ? "/" : working_dir) / mount.target).lexically_normal().string();
  while (mount.target.size() > 1 && mount.target.ends_with('/')) mount.target.pop_back();
  if (mount.target == "/") return bad("the target cannot be /");
  if (mount.type == BuildMount::Type::cache && mount.id.empty()) mount.id = mount.target;
  return {};
}

Result<base::FileLock> wait_for_lock(const Path& path, const std::stop_token& stop) {
  while (true) {
    TRY(auto lock, base::FileLock::try_acquire(path));
    if (lock) return std::move(*lock);
    if (!base::system_clock().sleep_for(kAskAgain, stop))
      return make_error(ErrorKind::cancelled, "the build was stopped while it waited for a cache");
  }
}

Result<void> give_to(const Path& path, const BuildMount& mount, mode_t mode) {
  const auto first = sandbox::first_host_id(0);
  if (::geteuid() == 0 && ::chown(path.c_str(), first + mount.uid, first + mount.gid) != 0)
    return base::system_error("chown", errno);
  if (::chmod(path.c_str(), mount.mode != 0 ? mount.mode : mode) != 0)
    return base::system_error("chmod", errno);
  return {};
}

}  // namespace

Result<BuildMount> parse_build_mount(std::string_view text, const std::string& working_dir) {
  BuildMount mount;
  std::vector<std::string> keys;
  bool has_access = false;
  for (auto part : base::split(text, ',')) {
    if (part.size() > 1 && part.front() == '"' && part.back() == '"') part = part.substr(1, part.size() - 2);
    const auto equals = part.find('=');
    const auto key = base::to_lower(part.substr(0, equals));
    std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (value.size() > 1 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (key == "type") {
      TRY(mount.type, parse_type(base::to_lower(value)));
      continue;
    }
    has_access = has_access || key == "ro" || key == "rw" || key.starts_with("read");
    TRY(set_option(key, value, mount));
    keys.push_back(key);
  }
  for (const auto& key : keys) {
    if (!takes_option(mount.type, key))
      return bad(fmt::format("type={} takes no {}", type_name(mount.type), key));
  }
  const bool writable = mount.type == BuildMount::Type::cache || mount.type == BuildMount::Type::tmpfs;
  if (!has_access) mount.read_only = !writable;
  TRY(complete(mount, working_dir));
  return mount;
}

Result<PreparedMounts> PreparedMounts::prepare(const std::vector<BuildMount>& mounts,
                                               const MountMaterial& material, ImageStore& store,
                                               const std::stop_token& stop) {
  PreparedMounts prepared;
  for (const auto& mount : mounts) TRY(prepared.add(mount, material, store, stop));
  return prepared;
}

Result<void> PreparedMounts::add(const BuildMount& mount, const MountMaterial& material, ImageStore& store,
                                 const std::stop_token& stop) {
  switch (mount.type) {
    case BuildMount::Type::bind:
      return add_bind(mount, material, store);
    case BuildMount::Type::cache:
      return add_cache(mount, material, store, stop);
    case BuildMount::Type::secret:
      return add_secret(mount, material.secrets);
    case BuildMount::Type::ssh:
      return add_agent(mount, material.agents, store);
    case BuildMount::Type::tmpfs:
      mounts_.push_back({.kind = sandbox::MountKind::tmpfs,
                         .target = mount.target,
                         .access = sandbox::Access::read_write,
                         .tmpfs_bytes = mount.bytes});
      break;
  }
  return {};
}

// A copy: the command sees the owners of an image, nothing that .dockerignore hides, and may write to it
// without anybody else seeing that.
Result<void> PreparedMounts::add_bind(const BuildMount& mount, const MountMaterial& material,
                                      ImageStore& store) {
  TRY(auto room, store.make_temp_dir("bind"));
  const Path copy = room.path() / "tree";
  TRY(material.copy(mount, copy)
          .while_doing(fmt::format("mounting {} from {}", mount.target,
                                   mount.from.empty() ? "the build context" : mount.from)));
  rooms_.push_back(std::move(room));
  mounts_.push_back({.source = copy.string(),
                     .target = mount.target,
                     .access = mount.read_only ? sandbox::Access::read_only : sandbox::Access::read_write});
  return {};
}

Result<void> PreparedMounts::add_cache(const BuildMount& mount, const MountMaterial& material,
                                       ImageStore& store, const std::stop_token& stop) {
  auto name = base::sha256_hex(fmt::format("{} {}:{}", mount.id, mount.uid, mount.gid));
  const auto lock_path = [&](const std::string& of) { return store.folder() / "locks" / ("cache-" + of); };
  if (mount.sharing == BuildMount::Sharing::locked) {
    TRY(auto lock, wait_for_lock(lock_path(name), stop));
    locks_.push_back(std::move(lock));
  }
  // One that nobody else writes to now: the first that is free.
  for (int number = 0; mount.sharing == BuildMount::Sharing::own; ++number) {
    const auto candidate = number == 0 ? name : fmt::format("{}-{}", name, number);
    TRY(auto lock, base::FileLock::try_acquire(lock_path(candidate)));
    if (!lock) continue;
    locks_.push_back(std::move(*lock));
    name = candidate;
    break;
  }
  const Path folder = store.folder() / "caches" / name;
  if (!base::is_directory(folder)) {
    TRY(base::make_directories(folder.parent_path()));
    if (mount.from.empty()) {
      TRY(base::make_directories(folder));
    } else {
      TRY(material.copy(mount, folder).while_doing("filling the cache " + mount.target));
    }
    TRY(give_to(folder, mount, 0755));
  }
  mounts_.push_back({.source = folder.string(),
                     .target = mount.target,
                     .access = mount.read_only ? sandbox::Access::read_only : sandbox::Access::read_write});
  return {};
}

Result<void> PreparedMounts::add_agent(const BuildMount& mount,
                                       const std::map<std::string, AgentConnector>& agents,
                                       ImageStore& store) {
  const auto agent = agents.find(mount.id);
  if (agent == agents.end()) {
    if (!mount.required) return {};
    return make_error(ErrorKind::not_found,
                      fmt::format("RUN --mount: the ssh agent \"{}\" is required and was not given; give it "
                                  "with --ssh {}",
                                  mount.id, mount.id));
  }
  TRY(auto room, store.make_temp_dir("ssh"));
  const Path socket = room.path() / "agent";
  TRY(auto relay, AgentRelay::start(socket, agent->second));
  TRY(give_to(socket, mount, 0600));
  mounts_.push_back(
      {.source = socket.string(), .target = mount.target, .access = sandbox::Access::read_write});
  variables_.try_emplace("SSH_AUTH_SOCK", mount.target);
  relays_.push_back(std::move(relay));
  rooms_.push_back(std::move(room));
  return {};
}

Result<void> PreparedMounts::add_secret(const BuildMount& mount,
                                        const std::map<std::string, std::string>& secrets) {
  const auto secret = secrets.find(mount.id);
  if (secret == secrets.end()) {
    if (!mount.required) return {};
    return make_error(ErrorKind::not_found,
                      fmt::format("RUN --mount: the secret \"{}\" is required and was not given; give it "
                                  "with --secret id={},…",
                                  mount.id, mount.id));
  }
  if (!mount.variable.empty()) variables_[mount.variable] = secret->second;
  if (mount.target.empty()) return {};
  if (!secrets_) {
    TRY(auto folder, base::TempDir::create_in(kMemoryFolder, "pipeline-build"));
    secrets_ = std::make_unique<base::TempDir>(std::move(folder));
  }
  return add_file(secret->second, secrets_->path(), mount.target, mount);
}

Result<void> PreparedMounts::add_script(std::string_view content, const std::string& target,
                                        ImageStore& store) {
  TRY(auto folder, store.make_temp_dir("script"));
  rooms_.push_back(std::move(folder));
  return add_file(content, rooms_.back().path(), target, {.mode = 0555});
}

Result<void> PreparedMounts::add_file(std::string_view content, const Path& folder, const std::string& target,
                                      const BuildMount& like) {
  const Path file = folder / std::to_string(mounts_.size());
  TRY(base::write_file(file, content, 0600));
  TRY(give_to(file, like, 0400));
  mounts_.push_back({.source = file.string(), .target = target});
  return {};
}

}  // namespace ecr
