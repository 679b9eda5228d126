#include "workflow/actions_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "workflow/yaml_reader.h"

namespace workflow {

namespace {

constexpr std::string_view kNewestVersion = "v0.0.3";
constexpr std::string_view kDigestName = "sha1-";

class LockReader {
 public:
  explicit LockReader(const std::string& file) : file_(file) {}

  base::Result<ActionsLock> read(const Node& root) const {
    if (!root.is_mapping()) return wrong(root, "expected a mapping with version, workflows and dependencies");
    const auto& version = root["version"];
    if (version.text != "v0.0.2" && version.text != kNewestVersion) {
      return wrong(version.present() ? version : root,
                   fmt::format("expected version v0.0.2 or {}, found '{}'", kNewestVersion, version.text));
    }
    ActionsLock lock;
    for (const auto& [path, pins] : root["workflows"].members) {
      TRY(lock.workflows[path.text], pins_of(pins));
    }
    for (const auto& [key, value] : root["dependencies"].members) {
      TRY(const auto pin, pin_at(key));
      TRY(lock.dependencies[pin], action_of(value));
    }
    return lock;
  }

 private:
  [[nodiscard]] base::Error wrong(const Node& node, std::string message) const {
    auto error = base::invalid_input(std::move(message));
    error.location = base::Location{file_, std::max(node.line, 1), std::max(node.column, 1)};
    return error;
  }

  [[nodiscard]] base::Result<std::string> pin_at(const Node& node) const {
    const auto reference = parse_repository_reference(node.text);
    if (node.is_scalar() && reference && reference->path.empty()) return pin_of(*reference);
    return wrong(node, fmt::format("expected owner/repository@ref, found '{}'", node.text));
  }

  [[nodiscard]] base::Result<std::vector<std::string>> pins_of(const Node& node) const {
    std::vector<std::string> pins;
    for (const auto& item : node.items) {
      TRY(auto pin, pin_at(item));
      pins.push_back(std::move(pin));
    }
    return pins;
  }

  [[nodiscard]] base::Result<LockedAction> action_of(const Node& node) const {
    LockedAction action;
    const auto& commit = node["commit"];
    if (commit.text.starts_with(kDigestName))
      action.commit = base::to_lower(commit.text.substr(kDigestName.size()));
    if (!is_full_commit(action.commit)) {
      return wrong(commit.present() ? commit : node,
                   fmt::format("expected commit: sha1-… with 40 hex digits, found '{}'", commit.text));
    }
    TRY(action.uses, pins_of(node["uses"]));
    return action;
  }

  const std::string& file_;
};

/// What a workflow may use: what the lock lists for it, and what these use.
std::set<std::string> closure_of(const ActionsLock& lock, const std::vector<std::string>& pins) {
  std::set<std::string> found;
  std::vector<std::string> next = pins;
  while (!next.empty()) {
    const auto pin = std::move(next.back());
    next.pop_back();
    if (!found.insert(pin).second) continue;
    const auto action = lock.dependencies.find(pin);
    if (action == lock.dependencies.end()) continue;
    next.insert(next.end(), action->second.uses.begin(), action->second.uses.end());
  }
  return found;
}

}  // namespace

std::string to_text(const ActionsLock& lock) {
  // Names of repositories and refs hold no quote; a path may.
  const auto quoted = [](const std::string& text) { return "'" + base::replace_all(text, "'", "''") + "'"; };
  std::string text =
      "# Written by `pipeline lock`: the commits of all that the workflows here use from other "
      "repositories.\n";
  text += fmt::format("version: '{}'\nworkflows:{}\n", kNewestVersion, lock.workflows.empty() ? " {}" : "");
  for (const auto& [path, pins] : lock.workflows) {
    text += fmt::format("  {}:{}\n", quoted(path), pins.empty() ? " []" : "");
    for (const auto& pin : pins) text += fmt::format("    - {}\n", quoted(pin));
  }
  text += fmt::format("dependencies:{}\n", lock.dependencies.empty() ? " {}" : "");
  for (const auto& [pin, action] : lock.dependencies) {
    text += fmt::format("  {}:\n    commit: '{}{}'\n", quoted(pin), kDigestName, action.commit);
    if (action.uses.empty()) continue;
    text += "    uses:\n";
    for (const auto& used : action.uses) text += fmt::format("      - {}\n", quoted(used));
  }
  return text;
}

std::string pin_of(const RepositoryReference& reference) {
  return base::to_lower(reference.repository) + "@" + reference.ref;
}

base::Result<ActionsLock> read_actions_lock(const std::string& file, std::string_view text) {
  Diagnostics problems;
  const Node root = read_yaml(file, text, problems);
  if (!problems.empty()) {
    auto error = base::invalid_input(problems.front().message);
    error.location = problems.front().location;
    return error;
  }
  return LockReader(file).read(root);
}

base::Result<std::string> locked_commit(const ActionsLock& lock, const std::string& workflow,
                                        const RepositoryReference& reference) {
  const auto listed = lock.workflows.find(workflow);
  if (listed == lock.workflows.end()) return std::string();
  const auto pins = closure_of(lock, listed->second);
  const auto pin = pin_of(reference);
  const auto action = lock.dependencies.find(pin);
  if (pins.count(pin) != 0 && action != lock.dependencies.end()) {
    const auto& commit = action->second.commit;
    if (!is_full_commit(reference.ref) || base::to_lower(reference.ref) == commit) return commit;
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("{} names the commit {} for `{}`; update the lock", kActionsLockFile, commit, pin));
  }
  // `$/` in what is locked is of the same commit.
  for (const auto& [other, locked] : lock.dependencies) {
    const bool same_repository = other.substr(0, other.find('@')) == base::to_lower(reference.repository);
    if (same_repository && pins.count(other) != 0 && locked.commit == base::to_lower(reference.ref))
      return locked.commit;
  }
  return base::make_error(
      base::ErrorKind::denied,
      fmt::format("{} locks what {} uses, but does not know `{}`; update the lock with `pipeline lock`",
                  kActionsLockFile, workflow, pin));
}

}  // namespace workflow
