#include "steps/stored_images.h"

#include <fmt/format.h>

namespace steps {

std::string familiar_name(std::string_view name) {
  for (const std::string_view beginning : {"docker.io/library/", "docker.io/"}) {
    if (name.starts_with(beginning)) return std::string(name.substr(beginning.size()));
  }
  return std::string(name);
}

base::Result<ecr::Image> find_image_by_id(const std::string& text, const ecr::ImageStore& store) {
  std::string_view id = text;
  if (id.starts_with("sha256:")) id.remove_prefix(7);
  constexpr std::size_t kShortest = 6;
  const bool may_be_id =
      id.size() >= kShortest && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (may_be_id) {
    TRY(const auto images, store.list());
    for (const ecr::NamedImage& named : images) {
      auto image = store.image(named.descriptor);
      if (image && image->manifest.config.digest.hex().starts_with(id)) return image;
    }
  }
  return base::make_error(base::ErrorKind::not_found, fmt::format("Error: No such image: {}", text));
}

base::Result<ecr::Image> find_stored_image(const std::string& text, const ecr::ImageStore& store) {
  if (auto found = store.image(text)) return found;
  return find_image_by_id(text, store);
}

}  // namespace steps
