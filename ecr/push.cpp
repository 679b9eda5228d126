#include "ecr/push.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/json.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;
using What = PushProgress::What;

constexpr std::size_t kMostUploads = 4;

// What the threads of one push share.
struct Shared {
  const PushPlan& plan;
  const ImageStore& store;
  const RegistryOptions& options;
  const std::function<void(const PushProgress&)>& progress;
  std::mutex mutex;
  std::size_t next = 0;
  PushOutcome outcome;
  std::optional<base::Error> failure;

  void tell(What what, const Descriptor& descriptor) {
    if (progress) progress({.what = what, .descriptor = descriptor});
  }
};

Result<What> send_blob(RegistryClient& client, const Descriptor& blob, Shared& shared) {
  TRY(const bool there, client.has_blob(blob.digest));
  if (there) return What::exists;
  for (const auto& repository : shared.plan.mount_from) {
    // That a registry cannot mount is no fault: the blob is sent then.
    if (const auto mounted = client.mount_blob(blob.digest, repository); mounted && *mounted)
      return What::mounted;
  }
  {
    const std::lock_guard lock(shared.mutex);
    shared.tell(What::uploading, blob);
  }
  TRY(client.upload_blob(blob, shared.store));
  return What::uploaded;
}

void send_blobs(Shared& shared) {
  RegistryClient client(shared.options, shared.plan.target);
  while (true) {
    const Descriptor* blob = nullptr;
    {
      const std::lock_guard lock(shared.mutex);
      if (shared.failure || shared.next == shared.plan.blobs.size()) return;
      blob = &shared.plan.blobs[shared.next++];
    }
    auto sent = send_blob(client, *blob, shared).while_doing("pushing blob " + blob->digest.to_string());
    const std::lock_guard lock(shared.mutex);
    if (!sent) {
      if (!shared.failure) shared.failure = std::move(sent).error();
      return;
    }
    if (*sent == What::uploaded) {
      ++shared.outcome.blobs_uploaded;
      shared.outcome.bytes_uploaded += blob->size;
    } else {
      ++shared.outcome.blobs_present;
    }
    shared.tell(*sent, *blob);
  }
}

}  // namespace

Result<PushPlan> plan_push(const ImageStore& store, const std::string& source, const ImageReference& target) {
  TRY(const auto image, store.image(source));
  if (target.digest && *target.digest != image.descriptor.digest) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("cannot push {} to {}: the digest is another image's; name a tag", source,
                                  target.to_string()));
  }
  PushPlan plan{.target = target, .manifest = image.descriptor};
  std::vector<Descriptor> blobs = image.manifest.layers;
  blobs.push_back(image.manifest.config);
  for (auto& blob : blobs) {
    const bool known = std::any_of(plan.blobs.begin(), plan.blobs.end(),
                                   [&](const auto& other) { return other.digest == blob.digest; });
    if (!known) plan.blobs.push_back(std::move(blob));
  }
  TRY(plan.manifest_bytes, store.read_blob(image.descriptor.digest));
  return plan;
}

Json to_json(const PushPlan& plan) {
  Json blobs = Json::array();
  for (const auto& blob : plan.blobs) blobs.push_back(to_json(blob));
  return {
      {"target", plan.target.to_string()}, {"blobs", std::move(blobs)}, {"manifest", to_json(plan.manifest)}};
}

Result<PushOutcome> push(const PushPlan& plan, const ImageStore& store, const RegistryOptions& options,
                         const std::function<void(const PushProgress&)>& progress) {
  const std::string doing = "pushing " + plan.target.to_string();
  RegistryClient client(options, plan.target);
  // The tag that is already this image needs nothing; where tags are immutable even the same manifest is
  // refused.
  auto present = client.find_manifest(plan.target.manifest_key());
  if (!present && present.error().kind != ErrorKind::not_found)
    return std::move(present).error().while_doing(doing);
  Shared shared{.plan = plan, .store = store, .options = options, .progress = progress};
  shared.outcome.digest = plan.manifest.digest;
  if (present && *present == plan.manifest.digest) {
    shared.outcome.blobs_present = static_cast<int>(plan.blobs.size());
    shared.tell(What::exists, plan.manifest);
    return shared.outcome;
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(kMostUploads, plan.blobs.size()); ++i)
    threads.emplace_back([&shared] { send_blobs(shared); });
  send_blobs(shared);
  for (auto& thread : threads) thread.join();
  if (shared.failure) return std::move(*shared.failure).while_doing(doing);
  auto stored =
      client.put_manifest(plan.target.manifest_key(), plan.manifest.media_type, plan.manifest_bytes);
  if (!stored) return std::move(stored).error().while_doing(doing);
  shared.tell(What::manifest, plan.manifest);
  return shared.outcome;
}

}  // namespace ecr
