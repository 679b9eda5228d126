#include "sandbox/setting_text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/strings.h"

namespace sandbox {

namespace {

std::vector<std::string> texts_of(const base::Json& array) {
  std::vector<std::string> texts;
  if (!array.is_array()) return texts;
  for (const auto& item : array) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::uint32_t number_of(const base::Json& json, std::string_view key) {
  return static_cast<std::uint32_t>(base::json_integer(json, key));
}

base::Result<void> write_to_proc(pid_t pid, const char* name, const std::string& text) {
  const std::string path = fmt::format("/proc/{}/{}", pid, name);
  // One write: the kernel takes a map whole or not at all.
  const base::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return base::system_error("opening " + path, errno);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return base::system_error("writing " + path, errno);
  }
  return {};
}

struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// The subordinate range of our user, or nothing.
std::optional<Range> subordinate_range(const char* file) {
  const auto content = base::read_file(file);
  const passwd* user = ::getpwuid(::getuid());
  if (!content) return std::nullopt;
  for (const auto line : base::lines_of(*content)) {
    const auto fields = base::split(line, ':');
    if (fields.size() != 3) continue;
    if (fields[0] != std::to_string(::getuid()) && (user == nullptr || fields[0] != user->pw_name)) continue;
    const auto first = base::parse_integer(fields[1]);
    const auto count = base::parse_integer(fields[2]);
    if (first && count && *count >= kIdsPerSlot)
      return Range{static_cast<std::uint64_t>(*first), static_cast<std::uint64_t>(*count)};
  }
  return std::nullopt;
}

base::Result<bool> map_subordinate_range(pid_t pid) {
  const auto uids = subordinate_range("/etc/subuid");
  const auto gids = subordinate_range("/etc/subgid");
  if (!may_map_subordinate_ids()) return false;
  // Inside 0 is ourselves, so that the workspace is ours on both sides; the range gives images their other
  // users.
  const auto map = [&](const char* program, const Range& range, unsigned own) -> base::Result<void> {
    TRY(const auto result,
        base::run_process({.argv = {program, std::to_string(pid), "0", std::to_string(own), "1", "1",
                                    std::to_string(range.first), std::to_string(kIdsPerSlot - 1)}}));
    if (result.exit_code == 0) return {};
    return base::make_error(base::ErrorKind::denied,
                            fmt::format("{}: {}", program, base::trim(result.output)));
  };
  TRY(map("newuidmap", *uids, ::getuid()));
  TRY(map("newgidmap", *gids, ::getgid()));
  return true;
}

}  // namespace

bool may_map_subordinate_ids() {
  return subordinate_range("/etc/subuid") && subordinate_range("/etc/subgid") &&
         base::find_program("newuidmap") && base::find_program("newgidmap");
}

std::string to_text(const Setting& setting) {
  base::Json json = to_json(setting.plan);
  json["resolv_conf"] = setting.resolv_conf;
  json["etc_hosts"] = setting.hosts;
  json["privileged"] = setting.privileged;
  json["hidden"] = setting.plan.supplementary_hidden;
  return base::to_text(json);
}

base::Result<Setting> parse_setting(std::string_view text) {
  TRY(const auto json, base::parse_json(text));
  Setting setting{.resolv_conf = base::json_string(json, "resolv_conf"),
                  .hosts = base::json_string(json, "etc_hosts"),
                  .privileged = base::json_bool(json, "privileged")};
  Plan& plan = setting.plan;
  plan.walls = base::json_string(json, "walls") == "landlock" ? Walls::landlock : Walls::namespaces;
  plan.label = base::json_string(json, "label");
  plan.root = base::json_string(json, "root") == "image" ? RootKind::image : RootKind::host;
  const auto& image = base::json_member(json, "image");
  plan.image = {texts_of(base::json_member(image, "lower")), base::json_string(image, "upper"),
                base::json_string(image, "work")};
  for (const auto& entry : base::json_member(json, "mounts")) {
    plan.mounts.push_back(
        {.kind = base::json_string(entry, "kind") == "bind" ? MountKind::bind : MountKind::tmpfs,
         .source = base::json_string(entry, "source"),
         .target = base::json_string(entry, "target"),
         .access =
             base::json_string(entry, "access") == "read-write" ? Access::read_write : Access::read_only,
         .tmpfs_bytes = static_cast<std::uint64_t>(base::json_integer(entry, "bytes")),
         .beneath = base::json_string(entry, "beneath")});
  }
  plan.network = base::json_string(json, "network") == "isolated" ? NetworkMode::isolated : NetworkMode::host;
  plan.egress = base::json_bool(json, "egress");
  const auto& limits = base::json_member(json, "limits");
  plan.limits.open_files = static_cast<std::uint64_t>(base::json_integer(limits, "open_files"));
  plan.limits.disk_bytes = static_cast<std::uint64_t>(base::json_integer(limits, "disk_bytes"));
  plan.hostname = base::json_string(json, "hostname", "pipeline");
  plan.uid = number_of(json, "uid");
  plan.gid = number_of(json, "gid");
  plan.id_slot = number_of(json, "id_slot");
  plan.one_id = base::json_bool(json, "one_id");
  plan.read_only_root = base::json_bool(json, "read_only_root");
  plan.supplementary_hidden = texts_of(base::json_member(json, "hidden"));
  return setting;
}

base::Result<void> write_id_maps(pid_t pid, const Setting& setting) {
  if (setting.privileged) {
    const auto map = fmt::format("0 {} {}\n", first_host_id(setting.plan.id_slot), kIdsPerSlot);
    TRY(write_to_proc(pid, "uid_map", map));
    return write_to_proc(pid, "gid_map", map);
  }
  if (!setting.plan.one_id) {
    TRY(const bool mapped, map_subordinate_range(pid));
    if (mapped) return {};
  }
  TRY(write_to_proc(pid, "setgroups", "deny"));
  TRY(write_to_proc(pid, "uid_map", fmt::format("0 {} 1\n", ::getuid())));
  return write_to_proc(pid, "gid_map", fmt::format("0 {} 1\n", ::getgid()));
}

}  // namespace sandbox
