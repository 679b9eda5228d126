#include "ecr/pull.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

void tell(const PullOptions& options, const std::string& line) {
  if (options.progress) options.progress(line);
}

// The manifest that a reference means for the platform.
Result<FetchedManifest> fetch_image_manifest(RegistryClient& client, const ImageReference& reference,
                                             const PullOptions& options) {
  TRY(auto fetched, client.fetch_manifest(reference.manifest_key()));
  if (!media_type::is_index(fetched.media_type)) return fetched;
  TRY(const auto index, parse_index(fetched.bytes));
  TRY(const auto chosen, choose_platform(index, options.platform));
  return client.fetch_manifest(chosen.digest.to_string());
}

Result<void> check_size(const Manifest& manifest, const PullOptions& options) {
  std::uint64_t size = manifest.config.size;
  for (const auto& layer : manifest.layers) {
    if (layer.size > options.max_image_bytes - size) {
      return make_error(ErrorKind::invalid_input,
                        "the image is larger than " + base::format_bytes(options.max_image_bytes));
    }
    size += layer.size;
  }
  if (manifest.config.size > kMaxManifestBytes)
    return make_error(ErrorKind::invalid_input, "the image's configuration is larger than 4 MiB");
  return {};
}

Result<Descriptor> pull_image(const ImageReference& reference, ImageStore& store,
                              const PullOptions& options) {
  RegistryClient client(options.registry, reference);
  TRY(const auto fetched, fetch_image_manifest(client, reference, options));
  TRY(const auto manifest, parse_manifest(fetched.bytes));
  TRY(check_size(manifest, options));
  std::vector<Descriptor> blobs = {manifest.config};
  blobs.insert(blobs.end(), manifest.layers.begin(), manifest.layers.end());
  for (const auto& blob : blobs) {
    if (store.has_blob(blob.digest)) continue;
    tell(options, fmt::format("{} {}", blob.digest.to_string(), base::format_bytes(blob.size)));
    TRY(client.fetch_blob(blob, store));
  }
  TRY(const auto digest, store.put_blob(fetched.bytes));
  Descriptor descriptor{.media_type = fetched.media_type, .digest = digest, .size = fetched.bytes.size()};
  TRY(const auto image, store.image(descriptor));
  descriptor.platform = image.config.platform;
  if (!platform_fits(options.platform, image.config.platform)) {
    return make_error(ErrorKind::not_found,
                      fmt::format("the image is for {}, wanted is {}", to_string(image.config.platform),
                                  to_string(options.platform)));
  }
  TRY(store.tag(reference.to_string(), descriptor));
  return descriptor;
}

}  // namespace

Result<Descriptor> pull(const ImageReference& reference, ImageStore& store, const PullOptions& options) {
  tell(options, "pulling " + reference.to_string());
  return pull_image(reference, store, options).while_doing("pulling " + reference.to_string());
}

}  // namespace ecr
