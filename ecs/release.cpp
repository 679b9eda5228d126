#include "ecs/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "ecs/app_spec.h"
#include "ecs/code_deploy.h"
#include "ecs/one_off_task.h"

namespace ecs {
namespace {

using base::Result;
using std::chrono::milliseconds;

/// An item while the release goes on.
struct Ongoing {
  const ReleaseItem* item = nullptr;
  ItemOutcome outcome;
  Service before;
  std::optional<Followed> followed;
  base::SteadyTime began;
  FollowNews news;
};

bool goes_on(ItemState state) {
  return state == ItemState::running || state == ItemState::gated || state == ItemState::rolling_back;
}

RolloutEnd end_for(const base::Error& error) {
  return error.kind == base::ErrorKind::cancelled ? RolloutEnd::cancelled : RolloutEnd::failed;
}

FollowedEnd end_of_error(RolloutEnd end, const base::Error& error) {
  FollowedEnd ended;
  ended.end = end;
  ended.sentence = error.to_string();
  ended.annotation = error.message;
  ended.json = {{"status", std::string(to_string(end))}, {"reason", error.message}};
  return ended;
}

class ReleaseLoop {
 public:
  ReleaseLoop(aws::Client& client, const Release& release,
              const std::function<FollowNews(const ReleaseItem&)>& news_of)
      : client_(client), clock_(*client.options().clock), release_(release) {
    for (const auto& item : release.items) {
      Ongoing ongoing;
      ongoing.item = &item;
      ongoing.outcome.name = item.name;
      ongoing.news = news_of(item);
      items_.push_back(std::move(ongoing));
    }
  }

  ReleaseOutcome run() {
    const auto began = clock_.steady_now();
    while (true) {
      if (!failure_) begin_ready();
      for (auto& item : items_) look_at(item);
      if (failure_ == RolloutEnd::cancelled) {
        give_up_all();
        break;
      }
      if (takes_back()) take_back();
      const bool any = std::any_of(items_.begin(), items_.end(),
                                   [](const Ongoing& item) { return goes_on(item.outcome.state); });
      // What an end made ready begins at once.
      if (!any && (failure_ || !anything_ready())) break;
      if (!any) continue;
      const auto elapsed = std::chrono::duration_cast<milliseconds>(clock_.steady_now() - began);
      if (!clock_.sleep_for(pause_after(elapsed), client_.options().stop)) {
        give_up_all();
        break;
      }
    }
    ReleaseOutcome outcome;
    outcome.end = end_of_all();
    for (auto& item : items_) outcome.items.push_back(std::move(item.outcome));
    return outcome;
  }

 private:
  /// Of the first part that failed, unless the way back of another one leaves worse behind.
  [[nodiscard]] RolloutEnd end_of_all() const {
    const auto any = [this](ItemState state) {
      return std::any_of(items_.begin(), items_.end(),
                         [state](const Ongoing& item) { return item.outcome.state == state; });
    };
    if (!failure_ || failure_ == RolloutEnd::cancelled) return failure_.value_or(RolloutEnd::completed);
    if (any(ItemState::rollback_failed)) return RolloutEnd::rollback_failed;
    return any(ItemState::unknown) ? RolloutEnd::unknown : *failure_;
  }
  [[nodiscard]] bool is_ready(const Ongoing& item) const {
    if (item.outcome.state != ItemState::waiting) return false;
    return std::all_of(item.item->needs.begin(), item.item->needs.end(), [&](const std::string& need) {
      return std::any_of(items_.begin(), items_.end(), [&](const Ongoing& other) {
        return other.item->name == need && other.outcome.state == ItemState::done;
      });
    });
  }
  [[nodiscard]] bool anything_ready() const {
    return std::any_of(items_.begin(), items_.end(), [&](const Ongoing& item) { return is_ready(item); });
  }

  void begin_ready() {
    for (auto& item : items_) {
      if (failure_ || !is_ready(item)) continue;
      auto begun = begin(item);
      if (!begun) fail(item, end_of_error(end_for(begun.error()), begun.error()));
    }
  }

  Result<void> begin(Ongoing& item) {
    const ReleaseItem& what = *item.item;
    if (what.kind == ItemKind::service) {
      TRY(item.before, describe_service(client_, what.cluster, what.service));
    }
    TRY(item.outcome.task_definition, provide_definition(client_, what));
    TRY(item.followed, start_item(client_, what, item.before, item.outcome.task_definition, item.news));
    item.outcome.state = ItemState::running;
    item.began = clock_.steady_now();
    return {};
  }

  void look_at(Ongoing& item) {
    if (!goes_on(item.outcome.state)) return;
    auto end = item.followed->look();
    if (!end) {
      ended(item, lose_sight(*item.followed, end.error()));
    } else if (*end) {
      ended(item, std::move(**end));
    } else if (clock_.steady_now() - item.began > item.followed->patience) {
      ended(item, item.followed->give_up(RolloutEnd::timed_out));
    }
  }

  void ended(Ongoing& item, FollowedEnd end) {
    const bool good = end.end == RolloutEnd::completed;
    if (item.outcome.state == ItemState::rolling_back) {
      // Undone by a deployment of the old revision, or by ECS's own way back.
      const bool back = good || end.end == RolloutEnd::rolled_back;
      item.outcome.state = back                             ? ItemState::rolled_back
                           : end.end == RolloutEnd::unknown ? ItemState::unknown
                                                            : ItemState::rollback_failed;
      item.outcome.end = std::move(end);
      return;
    }
    if (!good) {
      fail(item, std::move(end));
    } else if (item.outcome.state == ItemState::running && item.item->gate) {
      open_gate(item, std::move(end));
    } else {
      item.outcome.state = ItemState::done;
      item.outcome.end = std::move(end);
    }
  }

  void open_gate(Ongoing& item, FollowedEnd end) {
    item.outcome.end = std::move(end);
    auto gate = item.item->gate(client_, item.news);
    if (!gate) return fail(item, end_of_error(end_for(gate.error()), gate.error()));
    item.followed = std::move(*gate);
    item.began = clock_.steady_now();
    item.outcome.state = ItemState::gated;
  }

  void fail(Ongoing& item, FollowedEnd end) {
    if (!failure_) failure_ = end.end;
    const bool was_gated = item.outcome.state == ItemState::gated;
    item.outcome.state = end.end == RolloutEnd::rolled_back       ? ItemState::rolled_back
                         : end.end == RolloutEnd::rollback_failed ? ItemState::rollback_failed
                         : end.end == RolloutEnd::unknown         ? ItemState::unknown
                                                                  : ItemState::failed;
    item.outcome.end = std::move(end);
    // A service that its gate refuses serves already.
    if (was_gated && takes_back()) deploy_old_revision(item);
  }

  // A part whose end is unknown may be well: the rest is no worse for it.
  [[nodiscard]] bool takes_back() const {
    return failure_ && failure_ != RolloutEnd::cancelled && failure_ != RolloutEnd::unknown &&
           release_.on_failure == OnFailure::roll_back_all;
  }

  void take_back() {
    for (auto& item : items_) {
      if (item.item->kind == ItemKind::task) continue;
      const auto state = item.outcome.state;
      if (state == ItemState::done || state == ItemState::gated) {
        deploy_old_revision(item);
      } else if (state == ItemState::running && item.followed->roll_back) {
        item.outcome.state = ItemState::rolling_back;
        if (auto stopped = item.followed->roll_back("another part of the release failed"); !stopped)
          not_taken_back(item, stopped.error());
      }
    }
  }

  void not_taken_back(Ongoing& item, const base::Error& error) {
    item.outcome.state = ItemState::rollback_failed;
    item.outcome.end = end_of_error(RolloutEnd::rollback_failed, error);
  }

  void deploy_old_revision(Ongoing& item) {
    const auto* primary = item.before.primary();
    if (primary == nullptr || primary->task_definition_arn.empty() ||
        primary->task_definition_arn == item.outcome.task_definition) {
      if (item.outcome.state != ItemState::failed) item.outcome.state = ItemState::done;
      return;
    }
    if (item.news.line)
      item.news.line(fmt::format("Taking {} back to {}", item.item->service,
                                 revision_name(primary->task_definition_arn)));
    auto back = start_return(client_, *item.item, item.before, item.news);
    if (!back) return not_taken_back(item, back.error());
    item.followed = std::move(*back);
    item.began = clock_.steady_now();
    item.outcome.state = ItemState::rolling_back;
  }

  void give_up_all() {
    for (auto& item : items_) {
      if (!goes_on(item.outcome.state)) continue;
      item.outcome.end = item.followed->give_up(RolloutEnd::cancelled);
      item.outcome.state = ItemState::failed;
    }
    failure_ = RolloutEnd::cancelled;
  }

  aws::Client& client_;
  base::Clock& clock_;
  const Release& release_;
  std::vector<Ongoing> items_;
  std::optional<RolloutEnd> failure_;
};

/// An item that is reached from itself by needs, or "".
std::string find_circle(const std::map<std::string, const ReleaseItem*>& items) {
  std::map<std::string, int> state;  // 1: on the way, 2: done
  std::string found;
  std::function<void(const std::string&)> visit = [&](const std::string& name) {
    if (state[name] == 2 || !found.empty()) return;
    if (std::exchange(state[name], 1) == 1) {
      found = name;
      return;
    }
    for (const auto& need : items.at(name)->needs) visit(need);
    state[name] = 2;
  };
  for (const auto& [name, item] : items) visit(name);
  return found;
}

CodeDeployOrder code_deploy_order(const ReleaseItem& item, base::Json app_spec) {
  return {item.cluster,        item.service, item.code_deploy_application, item.code_deploy_group,
          std::move(app_spec), "",           item.code_deploy_config,      item.patience};
}

}  // namespace

std::string_view to_string(ItemState state) {
  constexpr std::string_view kNames[] = {"waiting",      "running",     "gated",           "done",   "failed",
                                         "rolling_back", "rolled_back", "rollback_failed", "unknown"};
  return kNames[static_cast<std::size_t>(state)];
}

Result<void> check_release(const Release& release) {
  std::map<std::string, const ReleaseItem*> items;
  for (const auto& item : release.items) {
    if (!items.emplace(item.name, &item).second)
      return base::invalid_input(fmt::format("'{}' is there twice: names must differ", item.name));
  }
  if (items.empty()) return base::invalid_input("there is nothing to deploy: name a service or a task");
  for (const auto& item : release.items) {
    for (const auto& need : item.needs) {
      if (!items.contains(need))
        return base::invalid_input(fmt::format("'{}' needs '{}', which is not there", item.name, need));
    }
  }
  if (const auto circle = find_circle(items); !circle.empty())
    return base::invalid_input(fmt::format("'{}' needs itself, by way of what it needs", circle));
  return {};
}

ReleaseOutcome carry_out(aws::Client& client, const Release& release,
                         const std::function<FollowNews(const ReleaseItem&)>& news_of) {
  return ReleaseLoop(client, release, news_of).run();
}

Result<std::string> provide_definition(aws::Client& client, const ReleaseItem& item) {
  if (!item.definition.is_null()) {
    auto registered = register_task_definition(client, item.definition);
    if (!registered)
      registered.error().message = "Failed to register task definition in ECS: " + registered.error().message;
    return registered;
  }
  TRY(const auto described, describe_task_definition(client, item.task_definition));
  return base::json_string(described, "taskDefinitionArn");
}

Result<Followed> start_item(aws::Client& client, const ReleaseItem& item, const Service& before,
                            const std::string& definition_arn, const FollowNews& news) {
  if (item.kind == ItemKind::task) {
    OneOffTask task{item.cluster, item.run_task, item.patience};
    task.request["cluster"] = item.cluster;
    task.request["taskDefinition"] = definition_arn;
    return start_one_off_task(client, std::move(task), news);
  }
  if (before.status != "ACTIVE") return base::invalid_input(fmt::format("Service is {}", before.status));
  if (before.controller == "CODE_DEPLOY") {
    base::Json app_spec = item.app_spec;
    if (app_spec.is_null()) {
      if (before.load_balancers.empty())
        return base::invalid_input(
            fmt::format("service {} has no load balancer: give an appspec", item.service));
      app_spec = make_app_spec(before.load_balancers[0].container, before.load_balancers[0].port);
    }
    TRY(set_task_definition(app_spec, definition_arn));
    return start_code_deploy(client, code_deploy_order(item, std::move(app_spec)), news);
  }
  if (before.controller != "ECS") {
    return base::invalid_input(fmt::format(
        "Unsupported deployment controller: {}. Its task sets are made by whoever owns them: deploy "
        "there, or give the service the controller ECS",
        before.controller));
  }
  DeploymentRequest request = item.request;
  request.cluster = item.cluster;
  request.service = item.service;
  request.task_definition_arn = definition_arn;
  return start_rollout(client, before, make_deployment_plan(before, request), {.patience = item.patience},
                       news);
}

Result<Followed> start_return(aws::Client& client, const ReleaseItem& item, const Service& before,
                              const FollowNews& news) {
  if (before.controller == "CODE_DEPLOY") {
    auto order = code_deploy_order(item, {});
    TRY(const auto group, find_code_deploy_group(client, order));
    TRY(order.app_spec, last_good_app_spec(client, group));
    return start_code_deploy(client, order, news);
  }
  const auto* primary = before.primary();
  if (primary == nullptr || primary->task_definition_arn.empty()) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("service {} ran nothing before: there is nothing to go back to", item.service));
  }
  TRY(const auto now, describe_service(client, item.cluster, item.service));
  ReleaseItem old = item;
  old.request.desired_count.reset();
  return start_item(client, old, now, primary->task_definition_arn, news);
}

}  // namespace ecs
