#include "sandbox/setting_text.h"
#include "base/json.h"

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

}  // namespace

std::string to_text(const Setting& setting) {
  base::Json json = to_json(setting.plan);
  json["resolv_conf"] = setting.resolv_conf;
  json["etc_hosts"] = setting.hosts;
  json["privileged"] = setting.privileged;
  if (setting.subordinate_ids)
    json["subordinate_ids"] = {{"uid", setting.subordinate_ids->uid}, {"gid", setting.subordinate_ids->gid}};
  json["hidden"] = setting.plan.supplementary_hidden;
  return base::to_text(json);
}

base::Result<Setting> parse_setting(std::string_view text) {
  TRY(const auto json, base::parse_json(text));
  Setting setting{.resolv_conf = base::json_string(json, "resolv_conf"),
                  .hosts = base::json_string(json, "etc_hosts"),
                  .privileged = base::json_bool(json, "privileged")};
  if (const auto& ids = base::json_member(json, "subordinate_ids"); ids.is_object())
    setting.subordinate_ids = {number_of(ids, "uid"), number_of(ids, "gid")};
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

}  // namespace sandbox
