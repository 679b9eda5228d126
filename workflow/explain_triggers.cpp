#include <fmt/format.h>

#include <algorithm>

#include "workflow/explain.h"

namespace workflow {

namespace {

std::string_view without_prefix(std::string_view ref, std::string_view prefix) {
  return ref.starts_with(prefix) ? ref.substr(prefix.size()) : ref;
}

std::string_view positive(std::string_view pattern) {
  return pattern.starts_with('!') ? pattern.substr(1) : pattern;
}

FilterExplanation types_filter(const std::vector<std::string>& types, const Event& event) {
  FilterExplanation filter{.key = "types"};
  for (const auto& type : types) filter.patterns.push_back({type, event.action, type == event.action});
  filter.passes = event.action.empty() || std::any_of(filter.patterns.begin(), filter.patterns.end(),
                                                      [](const auto& type) { return type.matches; });
  if (event.action.empty()) filter.note = "the event has no type";
  return filter;
}

// A filter that ignores passes when it does not match.
FilterExplanation ref_filter(std::string_view key, const std::vector<std::string>& patterns,
                             std::string_view name) {
  FilterExplanation filter{.key = std::string(key)};
  for (const auto& pattern : patterns)
    filter.patterns.push_back({pattern, std::string(name), filter_pattern_matches(positive(pattern), name)});
  filter.passes = filter_matches(patterns, name) != key.ends_with("-ignore");
  return filter;
}

// Of many files the first that a pattern matches is shown.
FilterExplanation paths_filter(std::string_view key, const std::vector<std::string>& patterns,
                               const Event& event) {
  FilterExplanation filter{.key = std::string(key), .passes = true};
  const bool is_tag = event.name == "push" && event.ref.starts_with("refs/tags/");
  if (is_tag || !event.changed_files_known) {
    filter.note = is_tag ? "it does not count for tags"
                         : "which files changed is not known, and then it lets everything through";
    for (const auto& pattern : patterns) filter.patterns.push_back({pattern, "", false});
    return filter;
  }
  const auto& files = event.changed_files;
  for (const auto& pattern : patterns) {
    const auto found = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
      return filter_pattern_matches(positive(pattern), file);
    });
    if (found == files.end()) {
      filter.patterns.push_back(
          {pattern, fmt::format("{} changed file{}", files.size(), files.size() == 1 ? "" : "s"), false});
    } else {
      filter.patterns.push_back({pattern, *found, true});
    }
  }
  filter.passes = std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    return filter_matches(patterns, file) != key.ends_with("-ignore");
  });
  return filter;
}

void add_ref_filters(const Trigger& trigger, const Event& event, std::vector<FilterExplanation>& filters) {
  const bool is_push = event.name == "push";
  const bool is_tag = is_push && event.ref.starts_with("refs/tags/");
  const std::string_view other = is_push ? event.ref : event.base_ref;
  const auto branch = without_prefix(
      event.filtered_branch.empty() ? other : std::string_view(event.filtered_branch), "refs/heads/");
  const auto tag = without_prefix(event.ref, "refs/tags/");
  const auto add = [&](std::string_view key, const std::vector<std::string>& patterns, bool applies,
                       std::string_view name, std::string_view otherwise) {
    if (patterns.empty()) return;
    if (applies) {
      filters.push_back(ref_filter(key, patterns, name));
    } else {
      FilterExplanation filter{.key = std::string(key), .note = std::string(otherwise)};
      for (const auto& pattern : patterns) filter.patterns.push_back({pattern, "", false});
      filters.push_back(std::move(filter));
    }
  };
  add("branches", trigger.branches, !is_tag, branch, "the event is about a tag");
  add("branches-ignore", trigger.branches_ignore, !is_tag, branch, "the event is about a tag");
  add("tags", trigger.tags, is_tag, tag, "the event is about a branch");
  add("tags-ignore", trigger.tags_ignore, is_tag, tag, "the event is about a branch");
}

// What has no patterns of its own above: types that hold without being named, workflows, schedules.
void add_deciding_filter(const TriggerVerdict& verdict, std::vector<FilterExplanation>& filters) {
  if (verdict.filter.empty()) return;
  for (const auto& filter : filters) {
    if (filter.key == verdict.filter) return;
  }
  FilterExplanation filter{.key = verdict.filter, .passes = verdict.fires};
  for (const auto& pattern : verdict.patterns) {
    const bool held = std::find(verdict.held.begin(), verdict.held.end(), pattern) != verdict.held.end();
    filter.patterns.push_back({pattern, verdict.held.empty() ? "" : verdict.held.front(), held});
  }
  filters.push_back(std::move(filter));
}

}  // namespace

std::vector<TriggerExplanation> explain_triggers(const Workflow& workflow, const Event& event) {
  std::vector<TriggerExplanation> triggers;
  for (const auto& trigger : workflow.triggers) {
    TriggerExplanation explained{.event = trigger.event, .line = trigger.line, .column = trigger.column};
    if (trigger.event != event.name) {
      explained.why = fmt::format("the event is '{}'", event.name);
      triggers.push_back(std::move(explained));
      continue;
    }
    if (!trigger.types.empty()) explained.filters.push_back(types_filter(trigger.types, event));
    add_ref_filters(trigger, event, explained.filters);
    if (!trigger.paths.empty()) explained.filters.push_back(paths_filter("paths", trigger.paths, event));
    if (!trigger.paths_ignore.empty())
      explained.filters.push_back(paths_filter("paths-ignore", trigger.paths_ignore, event));
    // The verdict is the same that decides for a run.
    const auto verdict = matches(Workflow{.path = workflow.path, .triggers = {trigger}}, event);
    explained.fires = verdict.fires;
    explained.why = verdict.reason;
    add_deciding_filter(verdict, explained.filters);
    triggers.push_back(std::move(explained));
  }
  return triggers;
}

}  // namespace workflow
