#include "ecr/image_user.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace ecr {

namespace {

constexpr std::size_t kMostGroups = 1000;      // the kernel takes 65536
constexpr std::int64_t kAfterLastId = 65'536;  // of a sandbox; one group beyond it would cost all of them

/// The first of the layers, topmost first, that has the file.
std::string file_of_image(const std::vector<base::Path>& lower, const char* path) {
  for (const base::Path& folder : lower) {
    auto root = base::open_directory(folder);
    if (!root) continue;
    auto file = base::open_beneath(root->get(), path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (!file) continue;
    return base::read_all(file->get(), 1U << 20).value_or("");
  }
  return "";
}

/// The fields of the line whose first field is `name`, or whose third is `id`.
std::vector<std::string> entry_of(const std::string& text, const std::string& name_or_id) {
  for (const std::string_view line : base::lines_of(text)) {
    std::vector<std::string> fields = base::split(line, ':');
    if (fields.size() >= 3 && (fields[0] == name_or_id || fields[2] == name_or_id)) return fields;
  }
  return {};
}

/// The groups whose lines have `name` among their members.
std::vector<std::uint32_t> groups_with(const std::string& text, const std::string& name) {
  std::vector<std::uint32_t> groups;
  for (const std::string_view line : base::lines_of(text)) {
    const auto fields = base::split(line, ':');
    if (fields.size() < 4 || groups.size() == kMostGroups) continue;
    const auto members = base::split(fields[3], ',');
    const auto id = base::parse_integer(fields[2]);
    if (id && *id >= 0 && *id < kAfterLastId &&
        std::find(members.begin(), members.end(), name) != members.end())
      groups.push_back(static_cast<std::uint32_t>(*id));
  }
  return groups;
}

}  // namespace

base::Result<ImageUser> find_user(const std::vector<base::Path>& lower, const std::string& text) {
  ImageUser user;
  if (text.empty()) {
    user.home = "/root";
    const auto root = entry_of(file_of_image(lower, "etc/passwd"), "0");
    if (!root.empty()) user.groups = groups_with(file_of_image(lower, "etc/group"), root[0]);
    return user;
  }
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::vector<std::string> entry = entry_of(file_of_image(lower, "etc/passwd"), name);
  const auto id = base::parse_integer(name);
  if (entry.empty() && !id) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("unable to find user {}: no matching entries in passwd file", name));
  }
  user.uid = static_cast<std::uint32_t>(entry.empty() ? *id : base::parse_integer(entry[2]).value_or(0));
  if (entry.size() > 3) user.gid = static_cast<std::uint32_t>(base::parse_integer(entry[3]).value_or(0));
  if (entry.size() > 5 && !entry[5].empty()) user.home = entry[5];
  if (colon == std::string::npos) {
    if (!entry.empty()) user.groups = groups_with(file_of_image(lower, "etc/group"), entry[0]);
    return user;
  }
  const std::string group = text.substr(colon + 1);
  const std::vector<std::string> group_entry = entry_of(file_of_image(lower, "etc/group"), group);
  const auto gid = group_entry.empty() ? base::parse_integer(group) : base::parse_integer(group_entry[2]);
  if (!gid) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("unable to find group {}: no matching entries in group file", group));
  }
  user.gid = static_cast<std::uint32_t>(*gid);
  return user;
}

}  // namespace ecr
