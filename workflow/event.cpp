#include "workflow/event.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/event_table.h"

namespace workflow {

namespace {

using Patterns = std::vector<std::string>;

std::string quoted(const Patterns& names) {
  constexpr std::size_t kShown = 5;
  std::vector<std::string> parts;
  for (const auto& name : names) {
    if (parts.size() == kShown) break;
    parts.push_back("'" + name + "'");
  }
  auto text = base::join(parts, ", ");
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

TriggerVerdict passed(std::string reason = "") {
  return {.fires = true, .reason = std::move(reason)};
}

std::string without_prefix(const std::string& ref, std::string_view prefix) {
  return ref.starts_with(prefix) ? ref.substr(prefix.size()) : ref;
}

/// The one of a pair of filters that is given.
struct Filter {
  std::string key;
  const Patterns& wanted;
  const Patterns& ignored;

  [[nodiscard]] bool present() const { return !wanted.empty() || !ignored.empty(); }
  [[nodiscard]] std::string name() const { return wanted.empty() ? key + "-ignore" : key; }
  [[nodiscard]] const Patterns& patterns() const { return wanted.empty() ? ignored : wanted; }
  [[nodiscard]] bool passes(const std::string& text) const { return passes_filter(wanted, ignored, text); }
};

TriggerVerdict verdict_of(const Filter& filter, const std::string& what, const std::string& name) {
  const bool fires = filter.passes(name);
  const auto verb =
      filter.wanted.empty() ? (fires ? "does not match" : "matches") : (fires ? "matches" : "does not match");
  return {fires,
          fmt::format("its {} filter ({}) {} the {} '{}'", filter.name(), quoted(filter.patterns()), verb,
                      what, name),
          filter.name(),
          filter.patterns(),
          {name}};
}

TriggerVerdict check_types(const Trigger& trigger, const Event& event) {
  if (!trigger.types.empty()) {
    const auto& types = trigger.types;
    const bool named = std::find(types.begin(), types.end(), event.action) != types.end();
    if (event.action.empty()) return passed();
    return {
        named,
        fmt::format("its types ({}) {} '{}'", quoted(types), named ? "hold" : "do not hold", event.action),
        "types",
        types,
        {event.action}};
  }
  const auto* kind = find_event_kind(event.name);
  if (event.action.empty() || kind == nullptr || triggers_by_default(*kind, event.action)) return passed();
  if (kind->default_types.empty()) {
    return {false,
            fmt::format("no workflow is triggered by the activity '{}' of '{}'", event.action, event.name),
            "types",
            {},
            {event.action}};
  }
  const auto defaults = base::split(kind->default_types, ' ');
  return {false,
          fmt::format("it names no types, and without them '{}' triggers only on {}; this is '{}'",
                      event.name, quoted(defaults), event.action),
          "types",
          defaults,
          {event.action}};
}

// A push of a branch needs a filter for branches when there is only one for tags, and the other way round.
TriggerVerdict check_pushed_ref(const Trigger& trigger, const std::string& ref) {
  const Filter branches{"branches", trigger.branches, trigger.branches_ignore};
  const Filter tags{"tags", trigger.tags, trigger.tags_ignore};
  const bool is_tag = ref.starts_with("refs/tags/");
  const auto& own = is_tag ? tags : branches;
  const auto& other = is_tag ? branches : tags;
  const std::string what = is_tag ? "tag" : "branch";
  const auto name = without_prefix(ref, is_tag ? "refs/tags/" : "refs/heads/");
  if (own.present()) return verdict_of(own, what, name);
  if (!other.present()) return passed(fmt::format("it has no filter for the {} '{}'", what, name));
  return {false,
          fmt::format("it filters by {} alone, so that the push of the {} '{}' does not count", other.key,
                      what, name),
          other.name(),
          other.patterns(),
          {name}};
}

TriggerVerdict check_ref(const Trigger& trigger, const Event& event) {
  if (event.name == "push")
    return check_pushed_ref(trigger, event.filtered_branch.empty() ? event.ref : event.filtered_branch);
  const Filter branches{"branches", trigger.branches, trigger.branches_ignore};
  if (!branches.present()) return passed();
  const auto& branch = event.filtered_branch.empty() ? event.base_ref : event.filtered_branch;
  return verdict_of(branches, event.name == "workflow_run" ? "branch of that run" : "base branch",
                    without_prefix(branch, "refs/heads/"));
}

TriggerVerdict check_paths(const Trigger& trigger, const Event& event) {
  const Filter paths{"paths", trigger.paths, trigger.paths_ignore};
  if (!paths.present()) return passed();
  if (event.name == "push" && event.ref.starts_with("refs/tags/"))
    return passed("its paths filter does not count for tags");
  if (!event.changed_files_known)
    return passed("which files changed is not known, so its paths filter lets it through");
  const auto found = std::find_if(event.changed_files.begin(), event.changed_files.end(),
                                  [&](const std::string& file) { return paths.passes(file); });
  TriggerVerdict verdict{
      .fires = found != event.changed_files.end(), .filter = paths.name(), .patterns = paths.patterns()};
  if (verdict.fires) {
    verdict.held = {*found};
    verdict.reason = fmt::format("its {} filter ({}) lets the changed file '{}' through", paths.name(),
                                 quoted(paths.patterns()), *found);
    return verdict;
  }
  verdict.held = event.changed_files;
  verdict.reason = event.changed_files.empty()
                       ? fmt::format("it has a {} filter, and no file changed", paths.name())
                       : fmt::format("its {} filter ({}) lets none of the changed files through: {}",
                                     paths.name(), quoted(paths.patterns()), quoted(event.changed_files));
  return verdict;
}

Patterns texts_of(const Node& node) {
  if (node.is_scalar() && node.present() && node.kind != NodeKind::null) return {node.text};
  Patterns texts;
  for (const auto& item : node.items) texts.push_back(item.text);
  return texts;
}

TriggerVerdict check_list(const std::string& key, const Patterns& wanted, const std::string& what,
                          const std::string& name, bool found) {
  return {found,
          fmt::format("its {} ({}) {} the {} '{}'", key, quoted(wanted), found ? "name" : "do not name", what,
                      name),
          key,
          wanted,
          {name}};
}

TriggerVerdict check_workflows(const Trigger& trigger, const Event& event) {
  const auto wanted = texts_of(trigger.config["workflows"]);
  if (wanted.empty()) return passed();
  auto name = event.payload.get("workflow").get("name").to_text();
  if (name.empty()) name = event.payload.get("workflow_run").get("name").to_text();
  const bool found =
      std::find(wanted.begin(), wanted.end(), name) != wanted.end() || filter_matches(wanted, name);
  return check_list("workflows", wanted, "workflow", name, found);
}

TriggerVerdict check_schedule(const Trigger& trigger, const Event& event) {
  const auto fired = event.payload.get("schedule");
  if (!fired.is_string()) return passed();
  Patterns wanted;
  for (const auto& item : trigger.config.items) wanted.push_back(item["cron"].text);
  const bool found = std::find(wanted.begin(), wanted.end(), fired.string()) != wanted.end();
  return check_list("cron", wanted, "schedule", fired.string(), found);
}

// What is filtered besides refs and paths.
TriggerVerdict check_others(const Trigger& trigger, const Event& event) {
  if (event.name == "workflow_run") return check_workflows(trigger, event);
  if (event.name == "schedule") return check_schedule(trigger, event);
  if (event.name != "image_version") return passed();
  const auto image = event.payload.get("image_version");
  for (const auto& [key, member] : {std::pair("names", "name"), std::pair("versions", "version")}) {
    const auto wanted = texts_of(trigger.config[key]);
    const auto given = image.get(member).to_text();
    if (wanted.empty() || filter_matches(wanted, given)) continue;
    return check_list(key, wanted, "image's " + std::string(member), given, false);
  }
  return passed();
}

TriggerVerdict check(const Trigger& trigger, const Event& event) {
  TriggerVerdict last = passed(fmt::format("it is triggered by every '{}'", event.name));
  for (const auto& part : {check_types, check_others, check_ref, check_paths}) {
    auto verdict = part(trigger, event);
    if (!verdict.fires) return verdict;
    if (!verdict.filter.empty()) last = std::move(verdict);
  }
  return last;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && base::equals_ignoring_case(text.substr(0, start.size()), start);
}

}  // namespace

TriggerVerdict matches(const Workflow& workflow, const Event& event) {
  TriggerVerdict verdict{.reason = fmt::format("it is not triggered by '{}'", event.name)};
  for (const auto& trigger : workflow.triggers) {
    if (trigger.event != event.name) continue;
    verdict = check(trigger, event);
    if (verdict.fires) return verdict;
  }
  return verdict;
}

bool asks_to_skip(const std::string& message) {
  const auto lower = base::to_lower(message);
  for (const std::string_view marker :
       {"[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"}) {
    if (lower.find(marker) != std::string::npos) return true;
  }
  // Trailers are the last paragraph; alone in a message it is no trailer but the title.
  const auto body = base::trim(message);
  const auto paragraph = body.rfind("\n\n");
  if (paragraph == std::string_view::npos) return false;
  for (auto line : base::lines_of(body.substr(paragraph + 2))) {
    line = base::trim(line);
    if (!starts_with_ignoring_case(line, "skip-checks:")) continue;
    if (base::equals_ignoring_case(base::trim(line.substr(12)), "true")) return true;
  }
  return false;
}

std::optional<std::string> starts_nothing(const Event& event, const std::string& head_message) {
  const auto text = [&](std::string_view object, std::string_view key) {
    return event.payload.get(object).get(key).to_text();
  };
  if (event.name == "push" || event.name == "pull_request") {
    const auto message = event.name == "push" ? text("head_commit", "message") : head_message;
    if (asks_to_skip(message)) return "the message of its last commit asks to skip workflows";
  }
  if (event.name == "deployment_status" && text("deployment_status", "state") == "inactive")
    return "the deployment has become inactive, which starts no workflow";
  if (event.name == "release" && event.payload.get("release").get("draft").truthy() &&
      (event.action == "created" || event.action == "edited" || event.action == "deleted"))
    return fmt::format("the release is a draft, and '{}' starts no workflow for those", event.action);
  if (event.name == "check_run" || event.name == "check_suite") {
    const auto check = event.payload.get(event.name);
    const auto suite = event.name == "check_run" ? check.get("check_suite") : check;
    if (check.get("app").get("slug").to_text() == "github-actions" ||
        suite.get("app").get("slug").to_text() == "github-actions")
      return "the check is one of GitHub Actions itself, which starts no workflow";
  }
  return std::nullopt;
}

}  // namespace workflow
