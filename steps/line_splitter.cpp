#include "steps/line_splitter.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace steps {

LineSplitter::LineSplitter(Receiver receiver, SafeCut safe_cut, std::size_t limit)
    : receiver_(std::move(receiver)), safe_cut_(std::move(safe_cut)), limit_(limit) {}

void LineSplitter::feed(std::string_view bytes) {
  const std::size_t last = base::find_last(bytes, '\n');
  if (last == std::string_view::npos || after_return_ || bytes.find('\r') != std::string_view::npos)
    return feed_line_by_line(bytes);
  if (!unfinished_.empty()) {
    const std::size_t end = bytes.find('\n');
    take(bytes.substr(0, end));
    pass_unfinished();
    if (end < last) receiver_(bytes.substr(end + 1, last - end - 1));
  } else {
    receiver_(bytes.substr(0, last));
  }
  take(bytes.substr(last + 1));
}

void LineSplitter::feed_line_by_line(std::string_view bytes) {
  while (!bytes.empty()) {
    if (after_return_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_return_ = false;
    const std::size_t end = bytes.find_first_of("\r\n");
    take(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    pass_unfinished();
  }
}

void LineSplitter::pass_unfinished() {
  receiver_(unfinished_);
  unfinished_.clear();
}

void LineSplitter::take(std::string_view bytes) {
  while (unfinished_.size() + bytes.size() > limit_) {
    const std::size_t room = limit_ > unfinished_.size() ? limit_ - unfinished_.size() : limit_;
    const std::size_t count = std::min(room, bytes.size());
    unfinished_ += bytes.substr(0, count);
    bytes.remove_prefix(count);
    pass_pieces();
  }
  unfinished_ += bytes;
}

void LineSplitter::pass_pieces() {
  if (unfinished_.size() < limit_) return;
  std::size_t cut = safe_cut_ ? std::min(safe_cut_(unfinished_), unfinished_.size()) : unfinished_.size();
  // A secret longer than any line can be is passed on by force: holding it back would be growth without
  // bound.
  if (cut == 0) {
    if (unfinished_.size() < 16 * limit_) return;
    cut = unfinished_.size();
  }
  receiver_(std::string_view(unfinished_).substr(0, cut));
  unfinished_.erase(0, cut);
}

void LineSplitter::finish() {
  if (!unfinished_.empty()) pass_unfinished();
  after_return_ = false;
}

}  // namespace steps
