#include "sandbox/plan.h"

#include <unistd.h>

#include "base/json.h"
#include "sandbox/host_places.h"

namespace sandbox {

namespace {

constexpr std::uint32_t kFirstShiftedId = 100'000;

std::string_view name_of(MountKind kind) {
  return kind == MountKind::bind ? "bind" : "tmpfs";
}
std::string_view name_of(Access access) {
  return access == Access::read_only ? "read-only" : "read-write";
}

}  // namespace

base::Json to_json(const Plan& plan) {
  base::Json mounts = base::Json::array();
  for (const auto& mount : plan.mounts) {
    base::Json entry = {
        {"kind", name_of(mount.kind)}, {"target", mount.target}, {"access", name_of(mount.access)}};
    if (!mount.source.empty()) entry["source"] = mount.source;
    if (!mount.beneath.empty()) entry["beneath"] = mount.beneath;
    if (mount.tmpfs_bytes > 0) entry["bytes"] = mount.tmpfs_bytes;
    mounts.push_back(std::move(entry));
  }
  base::Json json = {{"walls", plan.walls == Walls::landlock ? "landlock" : "namespaces"},
                     {"label", plan.label},
                     {"root", plan.root == RootKind::host ? "host" : "image"},
                     {"mounts", std::move(mounts)},
                     {"network", plan.network == NetworkMode::host ? "host" : "isolated"},
                     {"egress", plan.egress},
                     {"readable", readable_places(plan)},
                     {"writable", writable_places(plan)},
                     {"limits",
                      {{"memory_bytes", plan.limits.memory_bytes},
                       {"processes", plan.limits.processes},
                       {"cpu_millis", plan.limits.cpu_millis},
                       {"open_files", plan.limits.open_files},
                       {"disk_bytes", plan.limits.disk_bytes}}},
                     {"hostname", plan.hostname},
                     {"hosts", plan.hosts},
                     {"uid", plan.uid},
                     {"gid", plan.gid},
                     {"id_slot", plan.id_slot},
                     {"one_id", plan.one_id}};
  if (plan.root == RootKind::image) {
    json["read_only_root"] = plan.read_only_root;
    json["image"] = {{"lower", plan.image.lower}, {"upper", plan.image.upper}, {"work", plan.image.work}};
  }
  return json;
}

std::vector<std::string> writable_places(const Plan& plan) {
  // An image's root is the job's own: an overlay that goes with it.
  if (plan.root == RootKind::image) return {"/"};
  std::vector<std::string> places{"/tmp", "/var/tmp", "/run", "/dev"};
  // The host's own: shared with all that runs there.
  if (plan.walls == Walls::landlock) places = {"/dev/null", "/dev/zero", "/dev/full"};
  for (const auto& mount : plan.mounts) {
    if (mount.kind == MountKind::tmpfs || mount.access == Access::read_write) places.push_back(mount.target);
  }
  return places;
}

std::vector<std::string> readable_places(const Plan& plan) {
  if (plan.walls == Walls::namespaces) return {"/"};
  std::vector<std::string> places{"/proc",      "/dev/random",  "/dev/urandom", "/etc/resolv.conf",
                                  "/etc/hosts", "/etc/hostname"};
  for (const char* name : kSystemFolders) places.push_back(std::string("/") + name);
  for (const std::string name : kEtcOfSteps) {
    // Landlock has no "all but": where keys may lie beside certificates, the certificates are named.
    if (name == "ssl") {
      places.insert(places.end(), {"/etc/ssl/certs", "/etc/ssl/openssl.cnf"});
    } else {
      places.push_back("/etc/" + name);
    }
  }
  for (const auto& mount : plan.mounts) {
    if (mount.kind == MountKind::bind && mount.access == Access::read_only) places.push_back(mount.target);
  }
  return places;
}

std::uint32_t first_host_id(std::uint32_t id_slot) {
  return ::geteuid() == 0 ? kFirstShiftedId + kIdsPerSlot * id_slot : ::geteuid();
}

std::optional<std::uint32_t> host_uid(const Plan& plan, std::uint32_t inside) {
  if (::geteuid() == 0) {
    if (inside >= kIdsPerSlot) return std::nullopt;
    return first_host_id(plan.id_slot) + inside;
  }
  return inside == 0 ? std::optional<std::uint32_t>(::geteuid()) : std::nullopt;
}

}  // namespace sandbox
