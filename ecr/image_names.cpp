// The names of the store: index.json.
#include "ecr/image_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "ecr/image_store.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Path;
using base::Result;

constexpr const char* kNameAnnotation = "org.opencontainers.image.ref.name";
constexpr std::size_t kShortestId = 12;

std::string key_of(const ImageReference& reference) {
  return reference.digest ? reference.name() + "@" + reference.digest->to_string() : reference.to_string();
}

bool is_image_id(std::string_view text) {
  return text.size() >= kShortestId && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Result<std::vector<NamedImage>> read_names(const Path& folder) {
  std::vector<NamedImage> names;
  const Path file = folder / "index.json";
  if (!base::exists(file)) return names;
  TRY(const auto text, base::read_file(file));
  auto json = base::parse_json(text);
  if (!json) return std::move(json).error().while_doing("reading " + file.string());
  const Json& manifests = base::json_member(*json, "manifests");
  if (!manifests.is_array()) return names;
  for (const auto& entry : manifests) {
    TRY(auto descriptor, descriptor_from_json(entry));
    std::string name;
    if (const auto found = descriptor.annotations.find(kNameAnnotation);
        found != descriptor.annotations.end()) {
      name = found->second;
      descriptor.annotations.erase(found);
    }
    names.push_back({std::move(name), std::move(descriptor)});
  }
  return names;
}

Result<void> write_names(const Path& folder, const std::vector<NamedImage>& names) {
  Json manifests = Json::array();
  for (const auto& [name, descriptor] : names) {
    Descriptor entry = descriptor;
    if (!name.empty()) entry.annotations[kNameAnnotation] = name;
    manifests.push_back(to_json(entry));
  }
  const Json json = {
      {"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", std::move(manifests)}};
  return base::write_file(folder / "index.json", base::to_text(json));
}

Result<void> ImageStore::tag(const std::string& name, const Descriptor& manifest) {
  std::string key;
  if (!name.empty()) {
    TRY(const auto reference, parse_image_reference(name));
    key = key_of(reference);
  }
  Descriptor entry = manifest;
  entry.annotations.clear();
  TRY(const auto lock, base::FileLock::acquire(folder_ / "locks" / "index"));
  TRY(auto names, read_names(folder_));
  const auto found = std::find_if(names.begin(), names.end(), [&](const NamedImage& named) {
    return named.name == key && (!key.empty() || named.descriptor.digest == manifest.digest);
  });
  if (found != names.end()) {
    if (found->descriptor == entry) return {};
    found->descriptor = entry;
  } else {
    names.push_back({key, entry});
  }
  return write_names(folder_, names).while_doing("naming image " + key);
}

Result<Descriptor> ImageStore::resolve(const std::string& name) const {
  const auto describe = [this](const Digest& digest) -> Result<Descriptor> {
    TRY(const auto text, read_blob(digest));
    TRY(auto type, media_type_of_document(text));
    return Descriptor{.media_type = std::move(type), .digest = digest, .size = text.size()};
  };
  TRY(const auto names, read_names(folder_));
  const std::string_view hex = std::string_view(name).starts_with("sha256:")
                                   ? std::string_view(name).substr(7)
                                   : std::string_view(name);
  if (is_image_id(hex)) {
    for (const auto& named : names) {
      const auto found = image(named.descriptor);
      if (found && (found->manifest.config.digest.hex().starts_with(hex) ||
                    named.descriptor.digest.hex().starts_with(hex))) {
        return named.descriptor;
      }
    }
    if (const auto digest = Digest::parse("sha256:" + std::string(hex)); digest && has_blob(*digest)) {
      if (auto described = describe(*digest)) return described;
    }
  }
  TRY(const auto reference, parse_image_reference(name));
  if (reference.digest) {
    if (has_blob(*reference.digest)) return describe(*reference.digest);
  } else {
    const std::string key = key_of(reference);
    for (const auto& named : names) {
      if (named.name == key) return named.descriptor;
    }
  }
  return make_error(ErrorKind::not_found,
                    fmt::format("no image {} in the local store", reference.to_string()));
}

Result<std::vector<NamedImage>> ImageStore::list() const {
  TRY(auto names, read_names(folder_));
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return names;
}

Result<void> ImageStore::remove(const std::string& name) {
  TRY(const auto lock, base::FileLock::acquire(folder_ / "locks" / "index"));
  TRY(auto names, read_names(folder_));
  const auto reference = parse_image_reference(name);
  const std::string key = reference ? key_of(*reference) : name;
  auto gone = [&](const NamedImage& named) { return named.name == key; };
  if (std::none_of(names.begin(), names.end(), gone)) {
    // An image id takes all its names away.
    TRY(const auto descriptor, resolve(name));
    std::erase_if(names,
                  [&](const NamedImage& named) { return named.descriptor.digest == descriptor.digest; });
  } else {
    std::erase_if(names, gone);
  }
  return write_names(folder_, names);
}

}  // namespace ecr
