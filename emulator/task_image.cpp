#include "emulator/task_image.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/strings.h"

namespace emulator {
namespace {

base::Error cannot_pull(const std::string& image, std::string_view why) {
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
                  "resolve ref {}: {}",
                  image, why));
}

}  // namespace

bool is_own_registry(std::string_view host) {
  const std::string_view name = host.substr(0, host.rfind(':'));
  if (host.find(':') != std::string_view::npos &&
      (name == "localhost" || name == "127.0.0.1" || name == "[::1]"))
    return true;
  return host.find(".dkr.ecr.") != std::string_view::npos &&
         host.find(".amazonaws.com") != std::string_view::npos;
}

base::Result<TaskImage> find_task_image(const ecr::ImageStore& store, const FindManifest& find,
                                        const std::string& image, const std::string& pinned_digest) {
  auto reference = ecr::parse_image_reference(image);
  if (!reference) return cannot_pull(image, reference.error().message);
  if (!is_own_registry(reference->host)) {
    return cannot_pull(
        image,
        fmt::format("{} is not this emulator's registry, the only one it pulls from; push the image to "
                    "its repository first",
                    reference->host));
  }
  const std::string key = pinned_digest.empty() ? reference->manifest_key() : pinned_digest;
  auto found = find(reference->repository, key);
  if (!found) return cannot_pull(image, found.error().message);
  TaskImage result;
  result.digest = *found;
  auto digest = ecr::Digest::parse(*found);
  if (!digest) return cannot_pull(image, digest.error().message);
  auto text = store.read_blob(*digest);
  if (!text) return cannot_pull(image, text.error().message);
  auto type = ecr::media_type_of_document(*text);
  if (!type) return cannot_pull(image, type.error().message);
  ecr::Descriptor descriptor{*type, *digest, text->size(), {}, {}};
  if (ecr::media_type::is_index(*type)) {
    auto index = ecr::parse_index(*text);
    if (!index) return cannot_pull(image, index.error().message);
    auto chosen = ecr::choose_platform(*index, ecr::host_platform());
    if (!chosen) {
      return cannot_pull(image,
                         fmt::format("image Manifest does not contain descriptor matching platform '{}' ({})",
                                     ecr::to_string(ecr::host_platform()), chosen.error().message));
    }
    descriptor = *chosen;
  }
  auto whole = store.image(descriptor);
  if (!whole) return cannot_pull(image, whole.error().message);
  if (!ecr::platform_fits(ecr::host_platform(), whole->config.platform)) {
    return cannot_pull(
        image,
        fmt::format("image Manifest does not contain descriptor matching platform '{}'; it is for '{}'",
                    ecr::to_string(ecr::host_platform()), ecr::to_string(whole->config.platform)));
  }
  result.config = whole->config;
  result.manifest = whole->manifest;
  return result;
}

}  // namespace emulator
