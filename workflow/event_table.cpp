#include "workflow/event_table.h"

#include <algorithm>
#include <array>

namespace workflow {

namespace {

constexpr std::string_view kPullRequestTypes =
    "assigned unassigned labeled unlabeled opened edited closed reopened synchronize converted_to_draft "
    "locked "
    "unlocked enqueued dequeued milestoned demilestoned ready_for_review review_requested "
    "review_request_removed auto_merge_enabled auto_merge_disabled stacked";
constexpr std::string_view kPullRequestDefaults = "opened synchronize reopened";

constexpr std::array kEvents = {
    EventKind{"branch_protection_rule", "created edited deleted"},
    EventKind{"check_run", "created rerequested completed requested_action"},
    EventKind{"check_suite", "completed"},
    EventKind{"create", "", EventRef::created},
    EventKind{"delete", ""},
    EventKind{"deployment", "", EventRef::deployed},
    EventKind{"deployment_status", "", EventRef::deployed},
    EventKind{"discussion",
              "created edited deleted transferred pinned unpinned labeled unlabeled locked unlocked "
              "category_changed answered unanswered"},
    EventKind{"discussion_comment", "created edited deleted"},
    EventKind{"fork", ""},
    EventKind{"gollum", ""},
    EventKind{"image_version", "created ready deleted"},
    EventKind{"issue_comment", "created edited deleted"},
    EventKind{"issues",
              "opened edited deleted transferred pinned unpinned closed reopened assigned unassigned labeled "
              "unlabeled locked unlocked milestoned demilestoned field_added field_removed typed untyped"},
    EventKind{"label", "created edited deleted"},
    EventKind{"merge_group", "checks_requested", EventRef::merge_group},
    EventKind{"milestone", "created closed opened edited deleted"},
    EventKind{"page_build", ""},
    EventKind{"project", "created closed reopened edited deleted"},
    EventKind{"project_card", "created moved converted edited deleted"},
    EventKind{"project_column", "created updated moved deleted"},
    EventKind{"public", ""},
    EventKind{"pull_request", kPullRequestTypes, EventRef::merge_ref, kPullRequestDefaults},
    EventKind{"pull_request_comment", "created edited deleted"},
    EventKind{"pull_request_review", "submitted edited dismissed", EventRef::merge_ref},
    EventKind{"pull_request_review_comment", "created edited deleted", EventRef::merge_ref},
    // Since December 2025 on the default branch, whatever branch the pull request goes into.
    EventKind{"pull_request_target", kPullRequestTypes, EventRef::default_branch, kPullRequestDefaults},
    EventKind{"push", "", EventRef::pushed},
    EventKind{"registry_package", "published updated", EventRef::package},
    EventKind{"release", "published unpublished created edited deleted prereleased released",
              EventRef::release_tag},
    EventKind{"repository_dispatch", ""},
    EventKind{"schedule", ""},
    EventKind{"status", ""},
    EventKind{"watch", "started"},
    EventKind{"workflow_dispatch", "", EventRef::chosen},
    EventKind{"workflow_run", "requested completed in_progress"},
};

bool holds_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto space = words.find(' ');
    if (words.substr(0, space) == word) return true;
    words = space == std::string_view::npos ? std::string_view() : words.substr(space + 1);
  }
  return false;
}

}  // namespace

std::span<const EventKind> event_kinds() {
  return kEvents;
}

const EventKind* find_event_kind(std::string_view name) {
  const auto* const found =
      std::find_if(kEvents.begin(), kEvents.end(), [&](const EventKind& kind) { return kind.name == name; });
  return found == kEvents.end() ? nullptr : &*found;
}

bool has_activity_type(const EventKind& kind, std::string_view type) {
  return holds_word(kind.types, type);
}

bool triggers_by_default(const EventKind& kind, std::string_view type) {
  if (kind.types.empty()) return true;  // a payload may hold an action all the same: deployment's does
  return holds_word(kind.default_types.empty() ? kind.types : kind.default_types, type);
}

}  // namespace workflow
