#include "ecs/one_off_task.h"

#include <fmt/format.h>

#include <memory>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecs/failure_cause.h"
#include "ecs/failure_digest.h"
#include "ecs/silence.h"

namespace ecs {
namespace {

class TaskWatch {
 public:
  TaskWatch(aws::Client& client, std::string cluster, const std::vector<Task>& tasks, FollowNews news)
      : client_(client),
        cluster_(std::move(cluster)),
        news_(std::move(news)),
        silence_(*client.options().clock, news_.line) {
    for (const auto& task : tasks) arns_.push_back(task.arn);
  }

  base::Result<std::optional<FollowedEnd>> look() {
    auto tasks = describe_tasks(client_, cluster_, arns_);
    if (!tasks && silence_.passes(tasks.error())) return std::optional<FollowedEnd>();
    if (!tasks) return std::move(tasks).error();
    silence_.end();
    if (tasks->size() < arns_.size()) {
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("{} of {} tasks are gone: ECS forgets a stopped task after an hour",
                                          arns_.size() - tasks->size(), arns_.size()));
    }
    tasks_ = std::move(*tasks);
    std::string shown;
    bool stopped = true;
    for (const auto& task : tasks_) {
      shown += fmt::format("{}task {} {}", shown.empty() ? "" : ", ", task.id, task.last_status);
      stopped &= task.last_status == "STOPPED";
    }
    if (news_.line && shown != shown_) news_.line(shown);
    shown_ = std::move(shown);
    if (!stopped) return std::optional<FollowedEnd>();
    return std::optional(end(failures().empty() ? RolloutEnd::completed : RolloutEnd::failed));
  }

  FollowedEnd end(RolloutEnd end) {
    FollowedEnd ended;
    ended.end = end;
    ended.sentence = sentence(end);
    if (end == RolloutEnd::failed) {
      const auto digest = digest_tasks(client_, tasks_);
      ended.details = to_lines(digest);
      ended.annotation = digest.first_cause();
      ended.summary = to_markdown(digest);
    }
    ended.summary = fmt::format("### {}\n\n{}", ended.sentence, ended.summary);
    ended.json = {{"tasks", arns_}, {"status", std::string(to_string(end))}};
    return ended;
  }

 private:
  [[nodiscard]] std::string sentence(RolloutEnd end) const {
    const auto& task = arns_.front();
    if (end == RolloutEnd::completed) return fmt::format("task {} ended well", task);
    if (end == RolloutEnd::failed) return fmt::format("Run task failed: [{}]", base::join(failures(), ", "));
    if (end == RolloutEnd::cancelled) return fmt::format("stopped following task {}; it goes on", task);
    if (end == RolloutEnd::unknown) return fmt::format("lost sight of task {}, which may go on", task);
    return fmt::format("task {} did not end in time, and goes on", task);
  }

  /// What keeps it from being a success; a container without an exit code has never run.
  [[nodiscard]] std::vector<std::string> failures() const {
    std::vector<std::string> reasons;
    for (const auto& task : tasks_) {
      for (const auto& container : task.containers) {
        if (container.exit_code && *container.exit_code == 0) continue;
        if (container.exit_code) {
          reasons.push_back(
              fmt::format("container {} exited with code {}", container.name, *container.exit_code));
        } else {
          reasons.push_back(fmt::format("container {} never ran: {}", container.name,
                                        container.reason.empty() ? task.stopped_reason : container.reason));
        }
      }
    }
    return reasons;
  }

  aws::Client& client_;
  std::string cluster_;
  std::vector<std::string> arns_;
  std::vector<Task> tasks_;
  FollowNews news_;
  std::string shown_;
  Silence silence_;
};

}  // namespace

base::Result<Followed> start_one_off_task(aws::Client& client, OneOffTask task, FollowNews news) {
  if (!task.request.contains("clientToken")) task.request["clientToken"] = base::random_uuid();
  TRY(const auto tasks, run_task(client, task.request));
  if (tasks.empty()) return base::make_error(base::ErrorKind::remote, "RunTask answered without a task");
  auto watch = std::make_shared<TaskWatch>(client, task.cluster, tasks, std::move(news));
  Followed followed;
  followed.id = tasks.front().arn;
  followed.patience = task.patience;
  followed.look = [watch] { return watch->look(); };
  followed.give_up = [watch](RolloutEnd end) { return watch->end(end); };
  return followed;
}

}  // namespace ecs
