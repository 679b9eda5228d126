#include "ecr/parallel_compressor.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace ecr {

using base::Result;

namespace {

constexpr unsigned kMostThreads = 8;

struct BlockOnItsWay {
  std::string plain;
  std::string packed;
  std::uint64_t plain_size = 0;
  std::uint32_t checksum = 0;
  bool taken = false;  ///< by a thread that compresses
  bool done = false;
};

}  // namespace

struct ParallelCompressor::State {
  State(BlockCodec which, unsigned count) : codec(which), most_blocks(count + 2) {
    for (unsigned i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopped = true;
    }
    changed.notify_all();
    for (auto& thread : threads) thread.join();
  }

  void work() {
    const CompressBlock compress = make_block_compressor(codec);
    std::unique_lock lock(mutex);
    while (true) {
      BlockOnItsWay* block = nullptr;
      changed.wait(lock, [&] {
        const auto found = std::find_if(blocks.begin(), blocks.end(),
                                        [](const BlockOnItsWay& other) { return !other.taken; });
        block = found == blocks.end() ? nullptr : &*found;
        return block != nullptr || stopped;
      });
      if (stopped) return;
      block->taken = true;
      block->packed = take_spare();
      lock.unlock();
      block->plain_size = block->plain.size();
      if (is_one_member(codec)) block->checksum = gzip_checksum(block->plain);
      auto packed = compress(block->plain, block->packed);
      lock.lock();
      keep_spare(std::move(block->plain));
      block->done = true;
      if (!packed && !failure) failure = std::move(packed).error();
      changed.notify_all();
    }
  }

  // A block's memory serves what it becomes, too, which is hardly larger: growing would double it.
  std::string take_spare() {
    if (spares.empty()) {
      std::string fresh;
      fresh.reserve(block_size(codec) + block_size(codec) / 64 + 4096);
      return fresh;
    }
    std::string spare = std::move(spares.back());
    spares.pop_back();
    spare.clear();
    return spare;
  }
  void keep_spare(std::string&& memory) {
    if (spares.size() < most_blocks) spares.push_back(std::move(memory));
  }

  BlockCodec codec;
  std::size_t most_blocks;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<BlockOnItsWay> blocks;  // a deque: addresses stay while its ends move
  std::vector<std::string> spares;
  std::optional<base::Error> failure;
  bool ended = false;
  bool stopped = false;
  bool began = false;
  bool finished = false;
  std::uint32_t checksum = 0;
  std::uint64_t length = 0;
  std::vector<std::thread> threads;
};

unsigned ParallelCompressor::threads_for_compression() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
}

ParallelCompressor::ParallelCompressor(BlockCodec codec, unsigned threads)
    : state_(std::make_unique<State>(codec, std::max(threads, 1U))) {}
ParallelCompressor::~ParallelCompressor() = default;

std::string ParallelCompressor::spare() {
  const std::lock_guard lock(state_->mutex);
  return state_->take_spare();
}

void ParallelCompressor::recycle(std::string piece) {
  const std::lock_guard lock(state_->mutex);
  state_->keep_spare(std::move(piece));
}

bool ParallelCompressor::put(std::string block) {
  auto& state = *state_;
  std::unique_lock lock(state.mutex);
  state.changed.wait(lock, [&] { return state.blocks.size() < state.most_blocks || state.stopped; });
  if (state.stopped || state.failure) return false;
  state.blocks.push_back({.plain = std::move(block)});
  state.changed.notify_all();
  return true;
}

void ParallelCompressor::end() {
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
  state_->changed.notify_all();
}

void ParallelCompressor::end(base::Error error) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->failure) state_->failure = std::move(error);
  state_->ended = true;
  state_->changed.notify_all();
}

void ParallelCompressor::give_up() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
}

Result<std::string> ParallelCompressor::take() {
  auto& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.finished) return std::string();
  if (is_one_member(state.codec) && !state.began) {
    state.began = true;
    return gzip_head();
  }
  state.changed.wait(lock, [&] {
    return state.failure || state.stopped || (!state.blocks.empty() && state.blocks.front().done) ||
           (state.blocks.empty() && state.ended);
  });
  if (state.failure) return *state.failure;
  if (state.stopped) return base::make_error(base::ErrorKind::cancelled, "given up");
  if (state.blocks.empty()) {
    state.finished = true;
    if (is_one_member(state.codec)) return gzip_end(state.checksum, state.length);
    // Nothing at all would be no valid stream.
    return state.length == 0 ? compress_at_once(state.codec, {}) : std::string();
  }
  BlockOnItsWay& block = state.blocks.front();
  state.checksum = joined_checksum(state.checksum, block.checksum, block.plain_size);
  state.length += block.plain_size;
  std::string piece = std::move(block.packed);
  state.blocks.pop_front();
  state.changed.notify_all();
  return piece;
}

Result<std::string> compress_at_once(BlockCodec codec, std::string_view content) {
  std::string out;
  if (is_one_member(codec)) out = gzip_head();
  if (!content.empty() || !is_one_member(codec)) TRY(make_block_compressor(codec)(content, out));
  if (is_one_member(codec)) out += gzip_end(gzip_checksum(content), content.size());
  return out;
}

}  // namespace ecr
