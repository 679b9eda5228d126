#include "ecr/layer_blob.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "ecr/compression.h"

namespace ecr {

namespace {

using base::Result;

constexpr std::size_t kBlockBytes = 1U << 20;
constexpr std::size_t kMostBlocks = 4;

}  // namespace

struct LayerBlob::State {
  explicit State(BlobWriter blob_writer) : writer(std::move(blob_writer)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { stop_worker(); }

  // The second thread: takes blocks until the end is marked or something fails.
  void compress() {
    GzipEncoder encoder([this](std::string_view bytes) { return writer.write(bytes); });
    while (true) {
      std::string next;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return !blocks.empty() || ended; });
        if (blocks.empty()) break;
        next = std::move(blocks.front());
        blocks.pop_front();
      }
      changed.notify_all();
      if (!keep(encoder.write(next))) return;
    }
    keep(encoder.finish());
  }

  bool keep(Result<void> result) {
    if (result) return true;
    const std::lock_guard lock(mutex);
    failure = std::move(result).error();
    changed.notify_all();
    return false;
  }

  Result<void> pass_on() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return blocks.size() < kMostBlocks || failure; });
    if (failure) return *failure;
    blocks.push_back(std::move(block));
    block.clear();
    lock.unlock();
    changed.notify_all();
    return {};
  }

  void stop_worker() {
    if (!worker.joinable()) return;
    {
      const std::lock_guard lock(mutex);
      ended = true;
    }
    changed.notify_all();
    worker.join();
  }

  BlobWriter writer;
  base::Sha256 plain;
  std::uint64_t plain_size = 0;
  std::string block;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> blocks;
  bool ended = false;
  std::optional<base::Error> failure;
  std::thread worker;
};

LayerBlob::LayerBlob(std::unique_ptr<State> state) : state_(std::move(state)) {}
LayerBlob::LayerBlob(LayerBlob&&) noexcept = default;
LayerBlob::~LayerBlob() = default;

Result<LayerBlob> LayerBlob::start(ImageStore& store) {
  TRY(auto writer, store.start_blob());
  auto state = std::make_unique<State>(std::move(writer));
  State* raw = state.get();
  state->worker = std::thread([raw] { raw->compress(); });
  return LayerBlob(std::move(state));
}

Result<void> LayerBlob::write(std::string_view bytes) {
  state_->plain.update(bytes);
  state_->plain_size += bytes.size();
  state_->block.append(bytes);
  if (state_->block.size() < kBlockBytes) return {};
  return state_->pass_on();
}

Result<WrittenLayer> LayerBlob::finish() {
  if (!state_->block.empty()) TRY(state_->pass_on());
  state_->stop_worker();
  if (state_->failure) return *state_->failure;
  WrittenLayer layer;
  layer.diff_id = Digest::from(state_->plain.finish());
  layer.uncompressed_size = state_->plain_size;
  layer.descriptor.media_type = media_type::kOciLayerGzip;
  layer.descriptor.size = state_->writer.size();
  TRY(layer.descriptor.digest, state_->writer.commit());
  return layer;
}

}  // namespace ecr
