#include "ecr/image_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.h"
#include "ecr/overlay_view.h"

namespace ecr {

namespace {

using base::Result;
using Kind = FileChange::Kind;

/// Members of both documents that differ; those of `config` one by one, since people know them by name.
void compare_members(const base::Json& before, const base::Json& after, const std::string& prefix,
                     std::vector<ConfigChange>& found) {
  std::map<std::string, bool> names;
  for (const auto* json : {&before, &after}) {
    for (const auto& [name, value] : json->items()) names[name] = true;
  }
  for (const auto& [name, ignored] : names) {
    // How it came to be and its layers are what the files say.
    if (prefix.empty() && (name == "history" || name == "rootfs" || name == "created")) continue;
    const base::Json& was = base::json_member(before, name);
    const base::Json& is = base::json_member(after, name);
    if (was == is) continue;
    if (prefix.empty() && name == "config") {
      compare_members(was, is, "config.", found);
    } else {
      found.push_back({prefix + name, base::to_text(was), base::to_text(is)});
    }
  }
}

Result<base::Fd> open_image(ImageStore& store, const Image& image) {
  TRY(const auto trees, store.unpack(image.manifest));
  return open_overlay(trees, std::nullopt);
}

std::string_view sign_of(Kind kind) {
  return kind == Kind::added ? "+" : (kind == Kind::removed ? "-" : "~");
}
std::string_view name_of(Kind kind) {
  return kind == Kind::added ? "added" : (kind == Kind::removed ? "removed" : "changed");
}

}  // namespace

Result<ImageDiff> diff_images(ImageStore& store, const std::string& before, const std::string& after) {
  TRY(const auto old_image, store.image(before));
  TRY(const auto new_image, store.image(after));
  ImageDiff diff;
  if (old_image.manifest.layers != new_image.manifest.layers) {
    TRY(const auto old_tree, open_image(store, old_image));
    TRY(const auto new_tree, open_image(store, new_image));
    TRY(diff.files, compare_trees(old_tree.get(), new_tree.get()));
    std::sort(diff.files.begin(), diff.files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
  }
  TRY(const auto old_config, base::parse_json(to_text(old_image.config)));
  TRY(const auto new_config, base::parse_json(to_text(new_image.config)));
  compare_members(old_config, new_config, "", diff.config);
  return diff;
}

std::string to_text(const ImageDiff& diff) {
  std::string text;
  for (const auto& file : diff.files) {
    text += fmt::format("{} {}", sign_of(file.kind), file.path);
    for (std::size_t i = 0; i < file.what.size(); ++i) text += (i == 0 ? "  " : ", ") + file.what[i];
    text += '\n';
  }
  for (const auto& change : diff.config)
    text += fmt::format("~ {}  {} → {}\n", change.name, change.before, change.after);
  return text;
}

base::Json to_json(const ImageDiff& diff) {
  base::Json files = base::Json::array();
  for (const auto& file : diff.files)
    files.push_back({{"path", file.path}, {"change", name_of(file.kind)}, {"what", file.what}});
  base::Json config = base::Json::array();
  for (const auto& change : diff.config)
    config.push_back({{"name", change.name}, {"before", change.before}, {"after", change.after}});
  return {{"files", std::move(files)}, {"config", std::move(config)}};
}

}  // namespace ecr
