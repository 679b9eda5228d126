#include "ecr/pull.h"

#include <atomic>
#include <mutex>
#include <stop_token>
#include <thread>

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/packed_layer.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr int kDeepestIndexToPull = 4;

/// A blob to fetch, and the diff_id that its content must have when it is a layer to unpack.
struct WantedBlob {
  Descriptor blob;
  Digest diff_id;
};

/// Fetches several blobs at a time.
class BlobFetcher {
 public:
  BlobFetcher(RegistryClient& client, ImageStore& store, const PullOptions& options)
      : client_(client), store_(store), options_(options) {}

  Result<void> fetch(const std::vector<WantedBlob>& wanted) {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      while (!failed_) {
        const auto index = next++;
        if (index >= wanted.size()) return;
        auto fetched = fetch_one(wanted[index]);
        if (fetched) continue;
        const std::lock_guard lock(mutex_);
        if (!failed_.exchange(true)) failure_ = std::move(fetched).error();
        return;
      }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(options_.registry.parallel, wanted.size()); ++i)
      threads.emplace_back(work);
    work();
    for (auto& thread : threads) thread.join();
    if (failed_) return failure_;
    return {};
  }

 private:
  Result<void> fetch_one(const WantedBlob& wanted) {
    const auto& blob = wanted.blob;
    if (!store_.has_blob(blob.digest)) {
      {
        const std::lock_guard lock(mutex_);
        if (options_.progress)
          options_.progress(fmt::format("{} {}", blob.digest.to_string(), base::format_bytes(blob.size)));
      }
      auto fetched = client_.fetch_blob(blob, store_);
      if (!fetched && media_type::is_foreign_layer(blob.media_type)) {
        return std::move(fetched).error().while_doing(
            "fetching a foreign layer, which its maker may keep elsewhere; the addresses that it names are "
            "not asked");
      }
      TRY(std::move(fetched));
    }
    if (options_.unpacking == Unpacking::when_needed || wanted.diff_id.empty()) return {};
    TRY(store_.unpack_layer(blob, wanted.diff_id));
    return {};
  }

  RegistryClient& client_;
  ImageStore& store_;
  const PullOptions& options_;
  std::mutex mutex_;
  std::atomic<bool> failed_ = false;
  base::Error failure_;
};

/// One pull from one place.
class ImagePull {
 public:
  ImagePull(RegistryClient& client, const ImageReference& reference, ImageStore& store,
            const PullOptions& options)
      : client_(client),
        reference_(reference),
        store_(store),
        options_(options),
        fetcher_(client, store, options) {}

  Result<Descriptor> run() {
    TRY(auto fetched, client_.fetch_manifest(reference_.manifest_key()));
    if (media_type::is_index(fetched.media_type)) {
      if (options_.platforms == Platforms::all) return keep_all(fetched, 0);
      TRY(const auto index, parse_index(fetched.bytes));
      TRY(const auto chosen, choose_platform(index, options_.platform));
      TRY(fetched, client_.fetch_manifest(chosen.digest.to_string()));
    }
    TRY(auto descriptor, keep_image(fetched));
    TRY(const auto image, store_.image(descriptor));
    descriptor.platform = image.config.platform;
    if (options_.other_platform == OtherPlatform::taken) return descriptor;
    if (platform_fits(options_.platform, image.config.platform)) return descriptor;
    return make_error(ErrorKind::not_found,
                      fmt::format("the image is for {}, wanted is {}", to_string(image.config.platform),
                                  to_string(options_.platform)));
  }

 private:
  Result<void> add_size(const Descriptor& blob) {
    if (blob.size > options_.max_image_bytes - size_) {
      return make_error(ErrorKind::invalid_input,
                        "the image is larger than " + base::format_bytes(options_.max_image_bytes));
    }
    size_ += blob.size;
    return {};
  }

  Result<Descriptor> keep_document(const FetchedManifest& fetched) {
    TRY(const auto digest, store_.put_blob(fetched.bytes));
    return Descriptor{.media_type = fetched.media_type, .digest = digest, .size = fetched.bytes.size()};
  }

  Result<Descriptor> keep_image(const FetchedManifest& fetched) {
    TRY(const auto manifest, parse_manifest(fetched.bytes));
    TRY(add_size(manifest.config));
    for (const auto& layer : manifest.layers) TRY(add_size(layer));
    if (manifest.config.size > kMaxManifestBytes)
      return make_error(ErrorKind::invalid_input, "the image's configuration is larger than 4 MiB");
    std::vector<Digest> diff_ids(manifest.layers.size());
    std::vector<WantedBlob> wanted;
    if (options_.unpacking == Unpacking::at_once) {
      TRY(fetcher_.fetch({{manifest.config, {}}}));
      TRY(const auto text, store_.read_blob(manifest.config.digest));
      TRY(const auto config, parse_image_config(text));
      if (config.diff_ids.size() == diff_ids.size()) diff_ids = config.diff_ids;
    } else {
      wanted.push_back({manifest.config, {}});
    }
    for (std::size_t i = 0; i < manifest.layers.size(); ++i)
      wanted.push_back({manifest.layers[i], diff_ids[i]});
    TRY(fetcher_.fetch(wanted));
    for (const auto& blob : wanted)
      remember_repository(store_, blob.blob.digest, reference_.host + "/" + reference_.repository);
    return keep_document(fetched);
  }

  // Whatever an index names, attestations and the like included.
  Result<Descriptor> keep_all(const FetchedManifest& fetched, int depth) {
    if (depth == kDeepestIndexToPull)
      return make_error(ErrorKind::invalid_input, "indexes within indexes, more than four deep");
    TRY(const auto references, references_of(fetched.bytes));
    std::vector<WantedBlob> wanted;
    for (const auto& reference : references) {
      const bool is_document =
          media_type::is_index(reference.media_type) || media_type::is_manifest(reference.media_type);
      if (!is_document) {
        TRY(add_size(reference));
        wanted.push_back({reference, {}});
        continue;
      }
      TRY(const auto inner, client_.fetch_manifest(reference.digest.to_string()));
      TRY(keep_all(inner, depth + 1));
    }
    TRY(fetcher_.fetch(wanted));
    return keep_document(fetched);
  }

  RegistryClient& client_;
  const ImageReference& reference_;
  ImageStore& store_;
  const PullOptions& options_;
  BlobFetcher fetcher_;
  std::uint64_t size_ = 0;
};

Result<Descriptor> pull_image(const ImageReference& reference, ImageStore& store,
                              const PullOptions& options) {
  const auto* settings = options.registry.config.find(reference.host);
  if (settings != nullptr && settings->blocked) {
    return make_error(
        ErrorKind::denied,
        fmt::format("the registry {} is blocked by the configuration of registries", reference.host));
  }
  if (settings != nullptr) {
    for (const auto& mirror : settings->mirrors) {
      RegistryClient client(options.registry, reference, mirror);
      auto pulled = ImagePull(client, reference, store, options).run();
      if (pulled || pulled.error().kind == ErrorKind::cancelled) return pulled;
      if (options.progress)
        options.progress(fmt::format("the mirror {} cannot serve it: {}", mirror, pulled.error().message));
    }
  }
  RegistryClient client(options.registry, reference);
  return ImagePull(client, reference, store, options).run();
}

}  // namespace

Result<Descriptor> pull(const ImageReference& reference, ImageStore& store, const PullOptions& options) {
  if (options.progress) options.progress("pulling " + reference.to_string());
  TRY(const auto descriptor,
      pull_image(reference, store, options).while_doing("pulling " + reference.to_string()));
  TRY(store.tag(reference.to_string(), descriptor));
  return descriptor;
}

}  // namespace ecr
