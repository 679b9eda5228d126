#include "server/task_poller.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace server {

namespace {

/// The tasks that run, each on its thread.
class RunningTasks {
 public:
  explicit RunningTasks(const PollerOptions& options) : options_(options) {}
  ~RunningTasks() { wait_for_all(); }
  RunningTasks(const RunningTasks&) = delete;
  RunningTasks& operator=(const RunningTasks&) = delete;

  void start(ForgeTask task) {
    const std::lock_guard lock(mutex_);
    join_ended();
    ++running_;
    auto& entry = threads_.emplace_back();
    entry.thread = std::thread([this, &entry, task = std::move(task)] {
      options_.run(task);
      const std::lock_guard ended(mutex_);
      entry.ended = true;
      --running_;
      changed_.notify_all();
    });
  }

  /// False when `stop` came first.
  bool wait_for_room() {
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, options_.stop, [this] { return running_ < options_.capacity; });
  }

  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return running_ == 0; });
    join_ended();
  }

  bool pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, options_.stop, time, [] { return false; });
    return !options_.stop.stop_requested();
  }

 private:
  struct Entry {
    std::thread thread;
    bool ended = false;
  };

  // With the lock held: a thread that has set `ended` needs it no more.
  void join_ended() {
    for (auto it = threads_.begin(); it != threads_.end();) {
      if (it->ended) it->thread.join();
      it = it->ended ? threads_.erase(it) : std::next(it);
    }
  }

  const PollerOptions& options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Entry> threads_;
  std::size_t running_ = 0;
};

}  // namespace

base::Result<void> poll_for_tasks(ForgeClient& forge, const PollerOptions& options) {
  RunningTasks running(options);
  std::int64_t version = 0;
  auto pause = options.interval;
  bool declared = false;
  bool reachable = true;
  const auto fetch = [&]() -> base::Result<FetchedTask> {
    if (!declared) {
      auto told = forge.declare(options.labels);
      // A forge from before there was this call takes the labels of the registration.
      if (!told && told.error().code != "unimplemented") return std::move(told).error();
      declared = true;
      options.say("waiting for jobs");
    }
    return forge.fetch_task(version, options.stop);
  };
  while (running.wait_for_room() && !options.stop.stop_requested()) {
    auto fetched = fetch();
    if (!fetched) {
      const auto kind = fetched.error().kind;
      if (options.stop.stop_requested()) break;
      if (kind == base::ErrorKind::denied || kind == base::ErrorKind::not_found)
        return std::move(fetched).error();
      if (std::exchange(reachable, false))
        options.say(fmt::format("the forge does not answer, asking again: {}", fetched.error().to_string()));
      pause = std::min(pause * 2, options.longest_pause);
    } else {
      if (!std::exchange(reachable, true)) options.say("the forge answers again");
      pause = options.interval;
      // Of an equal version the forge has nothing new. After a task there may be more of the same version.
      version = fetched->task ? 0 : fetched->tasks_version;
      if (fetched->task) {
        running.start(*std::move(fetched->task));
        if (options.only_one) break;
        continue;
      }
    }
    if (!running.pause(pause)) break;
  }
  return {};
}

}  // namespace server
