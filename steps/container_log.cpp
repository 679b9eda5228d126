#include "steps/container_log.h"

#include <utility>

namespace steps {

namespace {

constexpr std::uint64_t kMostKept = 4U << 20;

}  // namespace

void ContainerLog::set_reader(Reader reader) {
  const std::lock_guard lock(reading_);
  reader_ = std::move(reader);
}

void ContainerLog::add(Stream stream, std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    pieces_.push_back({stream, std::string(bytes)});
    end_ += bytes.size();
    while (end_ - begin_ > kMostKept && pieces_.size() > 1) {
      begin_ += pieces_.front().bytes.size();
      pieces_.pop_front();
    }
  }
  changed_.notify_all();
  const std::lock_guard lock(reading_);
  if (reader_) reader_(stream, bytes);
}

void ContainerLog::begin() {
  const std::lock_guard lock(mutex_);
  ended_ = false;
}

void ContainerLog::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

std::vector<ContainerLog::Piece> ContainerLog::read(std::uint64_t& position, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return end_ > position || ended_; });
  std::vector<Piece> found;
  std::uint64_t at = begin_;
  for (const auto& piece : pieces_) {
    const auto begin = at;
    at += piece.bytes.size();
    if (at <= position) continue;
    const auto skipped = position > begin ? position - begin : 0;
    found.push_back({piece.stream, piece.bytes.substr(skipped)});
  }
  position = end_;
  return found;
}

std::uint64_t ContainerLog::position_of_last(std::size_t lines) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t at = end_;
  std::size_t seen = 0;
  for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
    for (std::size_t i = piece->bytes.size(); i > 0; --i) {
      // The end of the last line is no line of its own.
      if (piece->bytes[i - 1] == '\n' && at != end_ && ++seen == lines) return at;
      --at;
    }
  }
  return lines == 0 ? end_ : at;
}

std::uint64_t ContainerLog::size() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

}  // namespace steps
