#include "cli/deploy_display.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/strings.h"
#include "cli/commands.h"

namespace cli {

void DeployDisplay::line(const std::string& item, const std::string& text) const {
  if (form_ == Form::json) return event("line", item, {{"text", text}});
  fmt::print("{} │ {}\n", item, text);
  std::fflush(stdout);
}

void DeployDisplay::event(std::string_view type, const std::string& item, const base::Json& details) const {
  if (form_ == Form::text) return;
  base::Json event = {{"type", type}};
  if (!item.empty()) event["item"] = item;
  event.update(details);
  fmt::print("{}\n", base::to_text(event));
  std::fflush(stdout);
}

void DeployDisplay::preflight(const std::string& item, const ecs::Check& tree) const {
  if (form_ == Form::json) return event("preflight", item, {{"checks", ecs::to_json(tree)}});
  for (const auto& text : ecs::to_lines(tree)) fmt::print("{}\n", text);
}

void DeployDisplay::outcome(const ecs::ReleaseOutcome& outcome) const {
  for (const auto& item : outcome.items) {
    base::Json details = item.end.json;
    details["state"] = std::string(ecs::to_string(item.state));
    if (!item.task_definition.empty()) details["task_definition"] = item.task_definition;
    event("item_finished", item.name, details);
    if (form_ == Form::json) continue;
    const bool begun = item.state != ecs::ItemState::waiting;
    fmt::print("{} {}: {}\n",
               item.state == ecs::ItemState::done      ? "✓"
               : item.state == ecs::ItemState::unknown ? "?"
               : begun                                 ? "✗"
                                                       : "-",
               item.name, begun ? item.end.sentence : "not begun, since another part did not end well");
    for (const auto& text : item.end.details) fmt::print("    {}\n", text);
  }
  event("release_finished", "", {{"status", std::string(ecs::to_string(outcome.end))}});
  if (form_ == Form::text) fmt::print("{}\n", ecs::to_string(outcome.end));
}

void DeployDisplay::proof(const base::ProbeRecord& record) const {
  event("probe", "", base::to_json(record));
  if (form_ == Form::text) fmt::print("\n{}", base::to_markdown(record));
}

ecs::FollowNews DeployDisplay::news_of(
    const std::string& item,
    std::function<std::optional<ecs::HookDecision>(const ecs::LifecycleHook&)> decide) const {
  ecs::FollowNews news;
  news.line = [this, item](const std::string& text) { line(item, text); };
  news.event = [this, item](std::string_view type, const base::Json& details) { event(type, item, details); };
  news.decide_hook = std::move(decide);
  return news;
}

int exit_code_of(ecs::RolloutEnd end) {
  switch (end) {
    case ecs::RolloutEnd::completed:
      return kPassed;
    case ecs::RolloutEnd::failed:
      return kJobFailed;
    case ecs::RolloutEnd::rolled_back:
      return 10;
    case ecs::RolloutEnd::rollback_failed:
      return 11;
    case ecs::RolloutEnd::superseded:
      return 12;
    case ecs::RolloutEnd::stopped:
      return 13;
    case ecs::RolloutEnd::timed_out:
      return 14;
    case ecs::RolloutEnd::scaled_to_zero:
      return 15;
    case ecs::RolloutEnd::unknown:
      return 16;
    case ecs::RolloutEnd::cancelled:
      break;
  }
  return kInterrupted;
}

}  // namespace cli
