#include "workflow/event_payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/similar_name.h"
#include "workflow/event_table.h"

namespace workflow {

namespace {

using base::json_member;
using base::json_string;

constexpr std::string_view kBranches = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";
// GitHub lists no more commits than this in one push.
constexpr std::size_t kMostCommits = 2048;

std::string in_full(std::string_view prefix, const std::string& name) {
  if (name.empty() || name.starts_with("refs/")) return name;
  return std::string(prefix) + name;
}

bool is_commit(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_no_commit(std::string_view sha) {
  return sha.find_first_not_of('0') == std::string_view::npos;
}

/// Fills in an event from its payload; one function for each way in which events name their ref.
class Reader {
 public:
  Reader(const base::Json& payload, const EventFallback& fallback, Event& event)
      : payload_(payload), fallback_(fallback), event_(event) {}

  base::Result<void> read(EventRef ref) {
    // Where no better is found: the default branch.
    event_.ref = in_full(kBranches, json_string(json_member(payload_, "repository"), "default_branch",
                                                fallback_.default_branch));
    event_.sha = fallback_.sha;
    switch (ref) {
      case EventRef::default_branch:
        return {};
      case EventRef::pushed:
        return push();
      case EventRef::merge_ref:
        return merge_ref();
      case EventRef::created:
        event_.ref = in_full(json_string(payload_, "ref_type") == "tag" ? kTags : kBranches,
                             json_string(payload_, "ref", chosen_ref()));
        return {};
      case EventRef::release_tag:
        return release();
      case EventRef::deployed:
        return deployment();
      case EventRef::merge_group:
        return merge_group();
      case EventRef::package:
        return package();
      case EventRef::chosen:
        event_.ref = in_full(kBranches, json_string(payload_, "ref", chosen_ref()));
        return {};
    }
    return {};
  }

  void read_branches() {
    const auto& pull_request = json_member(payload_, "pull_request");
    const auto base = json_string(json_member(pull_request, "base"), "ref");
    if (event_.name == "pull_request" || event_.name == "pull_request_target") {
      event_.base_ref = base;
      event_.head_ref = json_string(json_member(pull_request, "head"), "ref");
    }
    event_.filtered_branch = base;
    if (event_.name == "workflow_run")
      event_.filtered_branch = json_string(json_member(payload_, "workflow_run"), "head_branch");
  }

 private:
  std::string chosen_ref() const { return fallback_.ref.empty() ? event_.ref : fallback_.ref; }

  base::Result<void> push() {
    const auto ref = json_string(payload_, "ref", fallback_.ref);
    if (ref.empty()) return lacks("ref");
    const auto after = json_string(payload_, "after");
    event_.filtered_branch = ref;
    // What was deleted has no commit to run on: the run is about the default branch.
    if (base::json_bool(payload_, "deleted") || (!after.empty() && is_no_commit(after))) return {};
    event_.ref = in_full(kBranches, ref);
    if (!after.empty()) event_.sha = after;
    // Of an annotated tag `after` names the tag's object; the commit is elsewhere.
    const auto commit = json_string(json_member(payload_, "head_commit"), "id");
    if (event_.ref.starts_with(kTags) && !commit.empty()) event_.sha = commit;
    pushed_files();
    return {};
  }

  // A forced push also takes commits away, and those are not listed; nor are all when there are too many.
  void pushed_files() {
    const auto& commits = json_member(payload_, "commits");
    if (!commits.is_array() || commits.empty() || commits.size() >= kMostCommits) return;
    if (base::json_bool(payload_, "forced")) return;
    std::set<std::string> files;
    for (const auto& commit : commits) {
      for (const auto* list : {"added", "removed", "modified"}) {
        const auto& names = json_member(commit, list);
        if (!names.is_array()) return;
        for (const auto& name : names) {
          if (name.is_string()) files.insert(name.get<std::string>());
        }
      }
    }
    event_.changed_files.assign(files.begin(), files.end());
    event_.changed_files_known = true;
  }

  base::Result<void> merge_ref() {
    const auto& pull_request = json_member(payload_, "pull_request");
    const auto number = base::json_integer(pull_request, "number", base::json_integer(payload_, "number", 0));
    if (number <= 0) return lacks("pull_request.number");
    const auto merge = json_string(pull_request, "merge_commit_sha");
    if (!merge.empty()) event_.sha = merge;
    event_.ref = fmt::format("refs/pull/{}/merge", number);
    // Merged, the merge ref is gone: the run is about the branch that it went into.
    if (event_.name == "pull_request" && base::json_bool(pull_request, "merged"))
      event_.ref = in_full(kBranches, json_string(json_member(pull_request, "base"), "ref", event_.ref));
    return {};
  }

  base::Result<void> release() {
    const auto& release = json_member(payload_, "release");
    const auto tag = json_string(release, "tag_name");
    if (tag.empty()) return lacks("release.tag_name");
    event_.ref = in_full(kTags, tag);
    const auto target = json_string(release, "target_commitish");
    if (is_commit(target)) event_.sha = target;
    return {};
  }

  // Whether the name is a branch's or a tag's is not said.
  base::Result<void> deployment() {
    const auto& deployment = json_member(payload_, "deployment");
    const auto ref = json_string(deployment, "ref");
    event_.sha = json_string(deployment, "sha", event_.sha);
    event_.ref = is_commit(ref) ? "" : in_full(kBranches, ref);
    return {};
  }

  base::Result<void> merge_group() {
    const auto& group = json_member(payload_, "merge_group");
    event_.ref = in_full(kBranches, json_string(group, "head_ref"));
    if (event_.ref.empty()) return lacks("merge_group.head_ref");
    event_.sha = json_string(group, "head_sha", event_.sha);
    event_.filtered_branch = json_string(group, "base_ref");
    return {};
  }

  base::Result<void> package() {
    const auto& version = json_member(json_member(payload_, "registry_package"), "package_version");
    const auto target = json_string(version, "target_commitish");
    if (is_commit(target)) {
      event_.sha = target;
    } else if (!target.empty()) {
      event_.ref = in_full(kBranches, target);
    }
    event_.sha = json_string(version, "target_oid", event_.sha);
    return {};
  }

  base::Error lacks(std::string_view what) const {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("the payload of a '{}' event needs {}, which this one has not", event_.name, what));
  }

  const base::Json& payload_;
  const EventFallback& fallback_;
  Event& event_;
};

base::Error no_such_event(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& kind : event_kinds()) names.emplace_back(kind.name);
  auto message = fmt::format("no workflow is triggered by '{}' events", name);
  if (const auto similar = base::similar_name(name, names))
    message += fmt::format("; did you mean '{}'?", *similar);
  return base::make_error(base::ErrorKind::invalid_input, std::move(message));
}

}  // namespace

base::Result<Event> event_from_payload(std::string_view name, const base::Json& payload,
                                       const EventFallback& fallback) {
  const auto* kind = find_event_kind(name);
  if (kind == nullptr) return no_such_event(name);
  if (!payload.is_object()) return base::invalid_input("expected the payload of an event to be an object");
  Event event{.name = std::string(name), .action = json_string(payload, "action")};
  Reader reader(payload, fallback, event);
  reader.read_branches();
  TRY(reader.read(kind->ref));
  event.payload = expression::from_json(payload);
  return event;
}

}  // namespace workflow
