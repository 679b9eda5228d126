// The blobs of a push, several at a time.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <semaphore>
#include <set>
#include <stop_token>
#include <thread>

#include <fmt/format.h>

#include "ecr/packed_layer.h"
#include "ecr/push.h"

namespace ecr {

namespace {

using base::Result;
using What = PushProgress::What;

constexpr int kLayersCompressedAtOnce = 3;  // so that few wait for the last one; more would only take memory

struct QueuedBlob {
  Descriptor blob;
  std::optional<BlockCodec> pack_with;
};

}  // namespace

struct BlobSender::State {
  State(ImageStore& to_store, ImageReference to, const RegistryOptions& how, TellPush progress)
      : store(to_store),
        target(std::move(to)),
        options(with_stop(how)),
        outer_stop(how.stop, [this] { given_up.request_stop(); }),
        tell_progress(std::move(progress)),
        client(options, target, Access::push) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    given_up.request_stop();
    end();
    for (auto& thread : threads) thread.join();
  }

  RegistryOptions with_stop(const RegistryOptions& how) {
    RegistryOptions mine = how;
    mine.stop = given_up.get_token();
    return mine;
  }

  void end() {
    {
      const std::lock_guard lock(mutex);
      ended = true;
    }
    changed.notify_all();
  }

  void work() {
    while (true) {
      QueuedBlob next;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return !queue.empty() || ended; });
        if (queue.empty() || failure) return;
        next = std::move(queue.front());
        queue.pop_front();
      }
      auto sent = send_one(next).while_doing("pushing blob " + next.blob.digest.to_string());
      if (sent) continue;
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::move(sent).error();
      given_up.request_stop();  // the others need not go on
      return;
    }
  }

  Result<void> send_one(const QueuedBlob& next) {
    if (next.pack_with && media_type::is_plain_layer(next.blob.media_type))
      return send_packed(next.blob, *next.pack_with);
    TRY(const auto what, send_known(next.blob));
    count(what, next.blob);
    return {};
  }

  // A blob whose digest is known: there, elsewhere in the registry, or in the store.
  Result<What> send_known(const Descriptor& blob) {
    TRY(const bool there, client.has_blob(blob.digest));
    if (there) return What::exists;
    TRY(auto upload, mount(blob.digest));
    if (!upload) return What::mounted;
    // What its maker keeps out of registries need not be in the store either.
    if (media_type::is_foreign_layer(blob.media_type) && !store.has_blob(blob.digest)) return What::exists;
    tell(What::uploading, blob);
    TRY(client.upload_blob(blob, store, std::move(*upload)));
    return What::uploaded;
  }

  /// Nothing when it is mounted; else the upload that the registry has opened, or "".
  Result<std::optional<std::string>> mount(const Digest& digest) {
    std::vector<std::string> candidates = more_repositories;
    const std::string here = target.host + "/";
    for (const auto& known : repositories_with(store, digest)) {
      if (known.starts_with(here)) candidates.push_back(known.substr(here.size()));
    }
    for (const auto& repository : candidates) {
      if (repository == target.repository) continue;
      // That a registry cannot mount is no fault: the blob is sent then.
      const auto mounted = client.mount_blob(digest, repository);
      if (mounted && mounted->mounted) return std::optional<std::string>();
      if (mounted && !mounted->upload.empty()) return std::optional(mounted->upload);
    }
    return std::optional(std::string());
  }

  Result<void> send_packed(const Descriptor& plain, BlockCodec codec) {
    auto known = find_packed(store, plain.digest, codec);
    if (known) {
      known->media_type = packed_media_type(plain.media_type, codec);
      if (store.has_blob(known->digest)) {
        TRY(const auto what, send_known(*known));
        return note_packed(what, plain, *known);
      }
      TRY(const bool there, client.has_blob(known->digest));
      if (there) return note_packed(What::exists, plain, *known);
      TRY(const auto upload, mount(known->digest));
      if (!upload) return note_packed(What::mounted, plain, *known);
    }
    packing.acquire();
    auto packed = stream_packed(plain, codec);
    packing.release();
    if (!packed) return std::move(packed).error();
    return note_packed(What::uploaded, plain, *packed);
  }

  Result<Descriptor> stream_packed(const Descriptor& plain, BlockCodec codec) {
    tell(What::uploading, plain);
    std::shared_ptr<BlobWriter> keep;
    const auto begin = [&]() -> Result<ByteSource> {
      TRY(auto writer, store.start_blob(BlobDigest::given));
      keep = std::make_shared<BlobWriter>(std::move(writer));
      return pack_layer(store, plain, codec, keep);
    };
    TRY(auto packed, client.upload_stream(begin));
    TRY(keep->commit(packed.digest));
    packed.media_type = packed_media_type(plain.media_type, codec);
    TRY(remember_packed(store, plain.digest, codec, packed));
    return packed;
  }

  Result<void> note_packed(What what, const Descriptor& plain, const Descriptor& packed) {
    count(what, packed);
    const std::lock_guard lock(mutex);
    result.packed[plain.digest] = packed;
    return {};
  }

  void tell(What what, const Descriptor& blob) {
    const std::lock_guard lock(mutex);
    if (tell_progress) tell_progress({.what = what, .descriptor = blob});
  }

  void count(What what, const Descriptor& blob) {
    const std::lock_guard lock(mutex);
    remember_repository(store, blob.digest, target.host + "/" + target.repository);
    if (what == What::uploaded) {
      ++result.counts.blobs_uploaded;
      result.counts.bytes_uploaded += blob.size;
    } else {
      ++result.counts.blobs_present;
    }
    if (tell_progress) tell_progress({.what = what, .descriptor = blob});
  }

  ImageStore& store;
  ImageReference target;
  std::stop_source given_up;
  RegistryOptions options;
  std::stop_callback<std::function<void()>> outer_stop;
  TellPush tell_progress;
  RegistryClient client;
  std::counting_semaphore<> packing{kLayersCompressedAtOnce};
  std::vector<std::string> more_repositories;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<QueuedBlob> queue;
  std::set<Digest> queued;
  bool ended = false;
  Sent result;
  std::optional<base::Error> failure;
  std::vector<std::thread> threads;
};

BlobSender::BlobSender(ImageStore& store, ImageReference target, const RegistryOptions& options,
                       TellPush progress)
    : state_(std::make_unique<State>(store, std::move(target), options, std::move(progress))) {}
BlobSender::~BlobSender() = default;

RegistryClient& BlobSender::client() {
  return state_->client;
}

void BlobSender::mount_from(std::vector<std::string> repositories) {
  state_->more_repositories = std::move(repositories);
}

void BlobSender::send(const Descriptor& blob, std::optional<BlockCodec> pack_with) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (!state.queued.insert(blob.digest).second) return;
  state.queue.push_back({blob, pack_with});
  if (state.threads.size() < std::max<std::size_t>(state.options.parallel, 1))
    state.threads.emplace_back([raw = state_.get()] { raw->work(); });
  state.changed.notify_one();
}

Result<BlobSender::Sent> BlobSender::finish() {
  auto& state = *state_;
  state.end();
  for (auto& thread : state.threads) thread.join();
  state.threads.clear();
  if (state.failure) return std::move(*state.failure);
  return std::move(state.result);
}

}  // namespace ecr
