#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/event_table.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

std::vector<std::string> types_of(std::string_view event) {
  const auto* kind = find_event_kind(event);
  if (kind == nullptr || kind->types.empty()) return {};
  return base::split(kind->types, ' ');
}

class EventsRule {
 public:
  EventsRule(const LintedFile& file, Diagnostics& findings) : file_(file), findings_(findings) {}

  void check() {
    const Node& on = file_.draft.root["on"];
    if (on.is_scalar()) event(on);
    for (const auto& item : on.items) event(item);
    for (const auto& [name, config] : on.members) {
      event(name, config);
      activity_types(name, config["types"]);
    }
  }

 private:
  void event(const Node& name, const Node& config = {}) {
    if (!seen_.insert(name.text).second) {
      report(file_, findings_, name, fmt::format("the event '{}' is listed twice", name.text));
    } else if (name.text == "workflow_run" && !config["workflows"].present()) {
      report(file_, findings_, name,
             "'workflow_run' needs 'workflows', the names of the workflows whose runs it waits for");
    } else if (name.text == "image_version") {
      lists_only(config["names"]);
      lists_only(config["versions"]);
    }
  }

  // The documentation of image_version shows lists alone, unlike that of older filters.
  void lists_only(const Node& filter) {
    if (filter.is_scalar())
      report(file_, findings_, filter, fmt::format("expected a list of patterns: write ['{}']", filter.text));
  }

  void activity_types(const Node& event, const Node& types) {
    // Those of repository_dispatch are free; of what is no event GitHub says so.
    if (!types.present() || event.text == "repository_dispatch" || find_event_kind(event.text) == nullptr)
      return;
    const auto known = types_of(event.text);
    std::set<std::string> seen;
    if (types.is_scalar()) activity_type(event, types, known, seen);
    for (const auto& type : types.items) activity_type(event, type, known, seen);
  }

  void activity_type(const Node& event, const Node& type, const std::vector<std::string>& known,
                     std::set<std::string>& seen) {
    if (!type.is_scalar()) return;
    if (known.empty()) {
      report(file_, findings_, type,
             fmt::format("the event '{}' has no activity types; leave out 'types'", event.text));
    } else if (std::find(known.begin(), known.end(), type.text) == known.end()) {
      const auto near = base::similar_name(type.text, known);
      report(file_, findings_, type,
             near ? fmt::format("the event '{}' has no activity type '{}'; did you mean '{}'?", event.text,
                                type.text, *near)
                  : fmt::format("the event '{}' has no activity type '{}'; expected one of: {}", event.text,
                                type.text, base::join(known, ", ")));
    } else if (!seen.insert(type.text).second) {
      report(file_, findings_, type, fmt::format("the activity type '{}' is listed twice", type.text));
    }
  }

  const LintedFile& file_;
  Diagnostics& findings_;
  std::set<std::string> seen_;
};

}  // namespace

void check_events(const LintedFile& file, Diagnostics& findings) {
  EventsRule(file, findings).check();
}

}  // namespace workflow::lint
