#include "server/event_commits.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/event_payload.h"
#include "workflow/event_table.h"

namespace server {

namespace {

using base::json_member;
using base::json_string;
using base::Result;

bool is_no_commit(const std::string& sha) {
  return sha.find_first_not_of('0') == std::string::npos;
}

bool is_of_pull_request(const base::Json& payload) {
  return json_member(payload, "pull_request").is_object();
}

const base::Json& side_of(const base::Json& payload, const char* side) {
  return json_member(json_member(payload, "pull_request"), side);
}

/// The references that a pull request has with this forge; the merge is the second one.
std::vector<std::string> pull_request_references(const EventSource& source) {
  if (!is_of_pull_request(source.payload)) return {};
  const auto number = base::json_integer(json_member(source.payload, "pull_request"), "number",
                                         base::json_integer(source.payload, "number"));
  if (number <= 0) return {};
  const auto* folder = source.repository.forge == Forge::gitlab ? "refs/merge-requests" : "refs/pull";
  return {fmt::format("{}/{}/head", folder, number), fmt::format("{}/{}/merge", folder, number)};
}

class EventReader {
 public:
  EventReader(const EventSource& source, Mirrors& mirrors, const std::stop_token& stop)
      : source_(source), mirrors_(mirrors), mirror_(mirrors.path_of(source.repository)), stop_(stop) {}

  Result<workflow::Event> read() {
    TRY(bring_commits());
    const auto branch = json_string(json_member(source_.payload, "repository"), "default_branch",
                                    source_.repository.default_branch);
    TRY(const auto head, base::find_commit(mirror_, "refs/heads/" + branch));
    TRY(auto event, workflow::event_from_payload(source_.event, source_.payload,
                                                 {.default_branch = branch, .sha = head.value_or("")}));
    TRY(choose_commit(event));
    TRY(find_changes(event));
    return event;
  }

 private:
  // What is pushed names its commit; everything else may mean the branches as they are by now.
  Result<void> bring_commits() {
    const auto after = json_string(source_.payload, "after");
    if (source_.event == "push" && !is_no_commit(after) && base::exists(mirror_ / "HEAD")) {
      TRY(const auto known, base::find_commit(mirror_, after));
      if (known) return {};
    }
    return mirrors_.update(source_.repository, pull_request_references(source_), stop_);
  }

  // These name a branch or tag, and their commit is what it points at.
  static bool names_a_ref(const workflow::EventKind& kind) {
    using workflow::EventRef;
    return kind.ref == EventRef::chosen || kind.ref == EventRef::created || kind.ref == EventRef::release_tag;
  }

  Result<void> choose_commit(workflow::Event& event) const {
    const auto& kind = *workflow::find_event_kind(event.name);
    if (kind.ref == workflow::EventRef::merge_ref) TRY(choose_merge(event));
    const auto revision = event.sha.empty() || names_a_ref(kind) ? event.ref : event.sha;
    TRY(const auto commit, base::find_commit(mirror_, revision));
    if (!commit) {
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("{} has no '{}' by now: it was taken back, or never pushed there",
                                          source_.repository.name, revision));
    }
    event.sha = *commit;
    return {};
  }

  // The forge makes the merge when it gets to it: one of an older head does not count, nor one that is of the
  // past since the pull request was merged.
  Result<void> choose_merge(workflow::Event& event) const {
    if (!event.ref.starts_with("refs/pull/")) {
      event.sha.clear();
      return {};
    }
    const auto head = json_string(side_of(source_.payload, "head"), "sha");
    std::vector<std::string> candidates;
    if (const auto references = pull_request_references(source_); !references.empty())
      candidates.push_back(references.back());
    if (!event.sha.empty()) candidates.push_back(event.sha);
    for (const auto& candidate : candidates) {
      TRY(const auto merge, base::find_commit(mirror_, candidate));
      if (!merge) continue;
      const auto common = base::merge_base(mirror_, *merge, head);
      if (!common || *common != head) continue;
      event.sha = *merge;
      return {};
    }
    event.sha = head;
    return {};
  }

  // The whole difference, where GitHub looks at its first 300 files. What was forced away may be gone: then
  // it is not known, and filters let everything through.
  Result<void> find_changes(workflow::Event& event) const {
    std::string from;
    std::string to = event.sha;
    event.changed_files_known = false;
    event.changed_files.clear();
    if (event.name == "push") {
      if (event.ref.starts_with("refs/tags/")) return {};
      from = json_string(source_.payload, "before");
      if (is_no_commit(from)) from = before_new_branch(event);
    } else if (is_of_pull_request(source_.payload)) {
      to = json_string(side_of(source_.payload, "head"), "sha");
      const auto base = json_string(side_of(source_.payload, "base"), "ref");
      const auto parted = base::merge_base(mirror_, "refs/heads/" + base, to);
      if (parted) from = parted->value_or("");
    }
    if (from.empty() || to.empty()) return {};
    auto files = base::changed_files(mirror_, from, to);
    if (!files) return {};
    event.changed_files = *std::move(files);
    event.changed_files_known = true;
    return {};
  }

  // What is before the first of its commits, else where it left the default branch.
  [[nodiscard]] std::string before_new_branch(const workflow::Event& event) const {
    const auto& commits = json_member(source_.payload, "commits");
    if (commits.is_array() && !commits.empty()) {
      const auto parent = base::parent_of_commit(mirror_, json_string(commits.front(), "id"));
      if (parent && *parent) return **parent;
    }
    const auto main = "refs/heads/" + source_.repository.default_branch;
    if (event.ref == main) return "";  // it has left nothing: all of it is new
    const auto parted = base::merge_base(mirror_, main, event.sha);
    return parted ? parted->value_or("") : std::string();
  }

  const EventSource& source_;
  Mirrors& mirrors_;
  base::Path mirror_;
  const std::stop_token& stop_;
};

}  // namespace

bool is_from_fork(const base::Json& payload) {
  if (!is_of_pull_request(payload)) return false;
  const auto repository = [&](const char* side) {
    return json_string(json_member(side_of(payload, side), "repo"), "full_name");
  };
  // A fork that was deleted has no repository any more.
  return repository("head").empty() || !base::equals_ignoring_case(repository("head"), repository("base"));
}

Result<workflow::Event> read_event(const EventSource& source, Mirrors& mirrors, const std::stop_token& stop) {
  if (workflow::find_event_kind(source.event) != nullptr) return EventReader(source, mirrors, stop).read();
  // Nothing is fetched for what triggers nothing; this says so.
  return workflow::event_from_payload(source.event, source.payload, {});
}

}  // namespace server
