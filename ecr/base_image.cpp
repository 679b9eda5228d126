#include "ecr/base_image.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/attestation.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::string_view kImageContext = "docker-image://";

/// The image that the store has under the name: of several that for the platform; one alone may be for
/// another one.
Result<Image> stored_image(const std::string& name, const Platform& platform, const ImageStore& store) {
  TRY(auto found, store.resolve(name));
  if (media_type::is_index(found.media_type)) {
    TRY(const auto text, store.read_blob(found.digest));
    TRY(const auto index, parse_index(text));
    TRY(found, choose_platform(index, platform));
  }
  return store.image(found);
}

BuiltStage stage_of(Image image) {
  BuiltStage stage{
      .config = std::move(image.config), .stack = {}, .folder = "", .args = {}, .records = {}, .origin = {}};
  stage.stack = {
      .layers = image.manifest.layers, .diff_ids = stage.config.diff_ids, .created = stage.config.created};
  return stage;
}

}  // namespace

bool is_image_context(std::string_view value) {
  return value.starts_with(kImageContext);
}

Result<BuiltStage> find_base(const std::string& name, const Platform& platform, const BuildOptions& options,
                             ImageStore& store, const std::function<void(const std::string&)>& say) {
  std::string text = name;
  if (const auto named = options.named_contexts.find(name); named != options.named_contexts.end()) {
    if (!is_image_context(named->second)) {
      BuiltStage stage{.config = {.platform = platform},
                       .stack = {},
                       .folder = named->second,
                       .args = {},
                       .records = {},
                       .origin = {}};
      return stage;
    }
    text = named->second.substr(kImageContext.size());
  }
  if (text == "scratch")
    return BuiltStage{
        .config = {.platform = platform}, .stack = {}, .folder = "", .args = {}, .records = {}, .origin = {}};
  TRY(const auto reference, parse_image_reference(text));
  auto image = stored_image(reference.to_string(), platform, store);
  const bool fits = image && platform_fits(platform, image->config.platform);
  if (options.pull && (!fits || options.always_pull)) {
    say(fmt::format("pulling {}", reference.to_string()));
    TRY(const auto pulled, options.pull(reference, platform));
    image = store.image(pulled);
  }
  if (!image) {
    return std::move(image).error().while_doing(
        fmt::format("finding the base image {} (import one with `pipeline image import`, or pull it)",
                    reference.to_string()));
  }
  const auto digest = image->descriptor.digest.hex();
  auto stage = stage_of(std::move(*image));
  stage.origin = BuildMaterial{.uri = image_url(reference.to_string(), platform), .digest = digest};
  return stage;
}

}  // namespace ecr
