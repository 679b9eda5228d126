#include "ecr/unpack_image.h"

#include <fmt/format.h>

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Result;

namespace {

Result<void> unpack_layers(const ImageStore& store, const Image& image, const base::Path& into,
                           SpecialBits special_bits) {
  const UnpackOptions options{.special_bits = special_bits, .whiteouts = WhiteoutForm::apply};
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    const std::string doing = "unpacking layer " + layer.digest.to_string();
    TRY(const auto blob, store.open_blob(layer.digest));
    TRY(const auto found, unpack_tar(blob.get(), into, options).while_doing(doing));
    if (found == image.config.diff_ids[i]) continue;
    return make_error(
        ErrorKind::invalid_input,
        fmt::format("layer {} unpacks to {}, but the image's configuration says {}", layer.digest.to_string(),
                    found.to_string(), image.config.diff_ids[i].to_string()));
  }
  return {};
}

}  // namespace

Result<void> unpack_image(const ImageStore& store, const std::string& name, const base::Path& into,
                          SpecialBits special_bits) {
  TRY(const auto image, store.image(name));
  TRY(base::make_directories(into));
  TRY(const auto there, base::list_directory(into));
  if (!there.empty()) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("{} holds {}; name a new or an empty folder", into.string(), there[0]));
  }
  auto unpacked = unpack_layers(store, image, into, special_bits);
  if (unpacked) return unpacked;
  // Half of an image, or files that nobody vouches for, must not pass for it.
  TRY(const auto made, base::list_directory(into));
  for (const auto& entry : made) TRY(base::remove_tree(into / entry));
  return unpacked;
}

}  // namespace ecr
