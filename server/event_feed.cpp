#include "server/event_feed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/json.h"
#include "base/strings.h"
#include "runner/run_owner.h"
#include "server/run_json.h"
#include "server/run_outline.h"

namespace server {

namespace {

using Write = std::function<bool(std::string_view)>;

constexpr std::chrono::milliseconds kLooksForMore{50};
constexpr std::chrono::seconds kPing{15};
constexpr std::size_t kPiece = 256U << 10;

/// Counts a stream as long as it lives.
class StreamCount {
 public:
  explicit StreamCount(std::shared_ptr<std::atomic<int>> count) : count_(std::move(count)) { ++*count_; }
  StreamCount(const StreamCount&) = delete;
  StreamCount& operator=(const StreamCount&) = delete;
  ~StreamCount() { --*count_; }

 private:
  std::shared_ptr<std::atomic<int>> count_;
};

/// Reads whole lines of a file that grows.
class GrowingFile {
 public:
  GrowingFile(base::Path path, std::uint64_t offset) : path_(std::move(path)), offset_(offset) {}

  /// Calls `on_line` with each whole line and the place after it; false when there is none for now.
  bool read_some(const std::function<void(std::string_view line, std::uint64_t after)>& on_line) {
    if (!file_) file_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file_) return false;
    buffer_.resize(pending_ + kPiece);
    const auto count =
        ::pread(file_.get(), buffer_.data() + pending_, kPiece, static_cast<off_t>(offset_ + pending_));
    if (count <= 0) return false;
    const std::string_view text(buffer_.data(), pending_ + static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', begin)) {
      on_line(text.substr(begin, end - begin), offset_ + end + 1);
      begin = end + 1;
    }
    pending_ = text.size() - begin;
    buffer_.erase(0, begin);
    offset_ += begin;
    return begin > 0;
  }

 private:
  base::Path path_;
  base::Fd file_;
  std::uint64_t offset_;
  std::string buffer_;
  std::size_t pending_ = 0;  ///< of a line that is not whole yet
};

/// One reader of one run.
class RunStream {
 public:
  RunStream(const base::Path& state_folder, AttemptQueue& queue, Attempt attempt, std::uint64_t after)
      : state_folder_(state_folder), queue_(queue), attempt_(std::move(attempt)), after_(after) {}

  void pour(const Write& write, const std::stop_token& stop) {
    auto& clock = base::system_clock();
    auto ping_at = clock.steady_now() + kPing;
    if (!write(": a run's events\n\n")) return;
    while (!stop.stop_requested()) {
      // Asked before the file is read: what a run that has ended wrote is all there.
      const auto now = queue_.find(attempt_.id);
      if (!now) return;
      attempt_ = *now;
      bool wanted = true;
      const bool more = pass_on(write, wanted);
      if (!wanted) return;
      if (more) continue;
      if (has_ended(attempt_)) {
        (void)write(fmt::format("event: end\ndata: {}\n\n", base::to_text(run_json(attempt_))));
        return;
      }
      if (clock.steady_now() >= ping_at) {
        ping_at = clock.steady_now() + kPing;
        if (!write(": still there\n\n")) return;
      }
      if (!clock.sleep_for(kLooksForMore, stop)) return;
    }
  }

 private:
  bool pass_on(const Write& write, bool& wanted) {
    if (attempt_.run_id == 0) return false;
    if (!file_) {
      file_.emplace(runner::run_folder(state_folder_, attempt_.run_id) / kOutlineFile, after_);
      in_attempt_ = after_ > 0;
    }
    std::string piece;
    const bool more = file_->read_some([&](std::string_view line, std::uint64_t after) {
      if (line.find(R"("type":"plan")") != std::string_view::npos) in_attempt_ = is_this_attempt(line);
      if (!in_attempt_) return;
      const auto* name = line.starts_with(R"({"type":"log")") ? "event: log\n" : "";
      piece += fmt::format("id: {}\n{}data: {}\n\n", after, name, line);
    });
    wanted = piece.empty() || write(piece);
    return more;
  }

  [[nodiscard]] bool is_this_attempt(std::string_view line) const {
    const auto event = base::parse_json(std::string(line));
    return event && base::json_integer(*event, "run_attempt", 1) == attempt_.run_attempt;
  }

  const base::Path& state_folder_;
  AttemptQueue& queue_;
  Attempt attempt_;
  std::uint64_t after_;
  std::optional<GrowingFile> file_;
  bool in_attempt_ = false;
};

}  // namespace

base::ServerResponse EventFeed::stream(const Call& call) {
  auto attempt = queue_.find(call.number("id"));
  if (!attempt) return refusal(attempt.error());
  if (*streams_ >= kMostStreams) {
    auto busy =
        refusal(503, fmt::format("{} streams are open, and no more are served at once", kMostStreams));
    busy.headers.emplace("Retry-After", "5");
    return busy;
  }
  const auto given = base::header_value(call.request.headers, "Last-Event-ID");
  const auto after =
      base::parse_integer(given ? *given : call.request.query_value("after").value_or("0")).value_or(0);
  if (after < 0) return refusal(400, "after: expected the id of an event");
  base::ServerResponse answer{.headers = {{"Content-Type", "text/event-stream"},
                                          {"Cache-Control", "no-store"},
                                          {"X-Accel-Buffering", "no"}}};
  auto stream = std::make_shared<RunStream>(state_folder_, queue_, *std::move(attempt),
                                            static_cast<std::uint64_t>(after));
  answer.pour = [stream, count = std::make_shared<StreamCount>(streams_),
                 stop = stop_.get_token()](const Write& write) { stream->pour(write, stop); };
  return answer;
}

}  // namespace server
