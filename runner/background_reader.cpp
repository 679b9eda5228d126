#include "runner/background_reader.h"

#include <chrono>
#include <utility>

namespace runner {

namespace {

// A step that prints faster than the terminal shows is slowed down instead of kept in memory.
constexpr std::size_t kMostWaiting = 10'000;
constexpr std::size_t kMostBytes = 1U << 20;
// Nobody sees this delay, but waking the reader for every line would take longer than most lines do.
constexpr std::chrono::milliseconds kGather{3};

}  // namespace

BackgroundReader::BackgroundReader(Reader reader) : reader_(std::move(reader)), thread_([this] { read(); }) {}

void BackgroundReader::operator()(RunEvent event) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !is_full(); });
  waiting_bytes_ += event.text.size();
  waiting_.push_back(std::move(event));
  if (waiting_.size() == 1 || is_full()) changed_.notify_all();
}

bool BackgroundReader::is_full() const {
  return waiting_.size() >= kMostWaiting || waiting_bytes_ >= kMostBytes;
}

void BackgroundReader::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void BackgroundReader::read() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return !waiting_.empty() || closed_; });
    if (waiting_.empty()) return;
    changed_.wait_for(lock, kGather, [&] { return is_full() || closed_; });
    const auto events = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    lock.unlock();
    changed_.notify_all();
    reader_(events);
    lock.lock();
  }
}

}  // namespace runner
