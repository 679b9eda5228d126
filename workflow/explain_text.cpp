#include "workflow/explain_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/print.h"

namespace workflow {

namespace {

constexpr std::size_t kLongestValue = 120;
constexpr std::size_t kMostLegNames = 8;

std::string_view mark_of(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return "✓";
    case Answer::no:
      return "✗";
    case Answer::unknown:
      return "?";
  }
  return "?";
}

std::string_view mark_of(bool holds) {
  return mark_of(holds ? Answer::yes : Answer::no);
}

// On one line, and not for ever; cut between characters.
std::string shortened(std::string text) {
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() <= kLongestValue) return text;
  auto end = kLongestValue;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string plain(const base::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array() || value.is_object()) {
    std::vector<std::string> parts;
    for (const auto& [key, member] : value.items()) {
      const bool nested = member.is_array() || member.is_object();
      const auto text = nested ? base::to_text(member) : plain(member);
      parts.push_back(value.is_object() ? fmt::format("{}: {}", key, text) : text);
    }
    return parts.empty() ? "none" : base::join(parts, ", ");
  }
  return base::to_text(value);
}

class Lines {
 public:
  void line(int depth, std::string_view text) {
    text_ += std::string(static_cast<std::size_t>(depth) * 4, ' ');
    text_ += text;
    text_ += '\n';
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_trace(const expression::Trace& trace, int depth, Lines& text) {
  if (trace.literal) return;
  const auto shown = shortened(trace.text);
  if (!trace.needed) {
    text.line(depth, fmt::format("· {}  (not needed)", shown));
    return;
  }
  if (!trace.error.empty()) {
    text.line(depth, fmt::format("✗ {}  cannot be evaluated: {}", shown, shortened(trace.error)));
  } else if (trace.value && trace.value->kind() == expression::Kind::boolean) {
    text.line(depth, fmt::format("{} {}", mark_of(trace.value->boolean()), shown));
  } else if (trace.value) {
    text.line(depth, fmt::format("{} = {}", shown, shortened(expression::print(*trace.value))));
  } else if (trace.truthy) {
    text.line(depth, fmt::format("{} {}", mark_of(*trace.truthy), shown));
  } else {
    text.line(depth, fmt::format("? {}{}", shown,
                                 trace.children.empty() ? "  " + trace.why_unknown : std::string()));
  }
  for (const auto& child : trace.children) add_trace(child, depth + 1, text);
}

// What is put before a condition is shown when it is what decides. A lone node that is known says no more
// than the line above it.
void add_condition(const ConditionExplanation& condition, int depth, Lines& text) {
  if (condition.written.empty()) return;
  const bool passed_so_far = condition.success_added && condition.trace.children.size() == 2 &&
                             condition.trace.children.front().truthy.value_or(false);
  const auto& shown = passed_so_far ? condition.own() : condition.trace;
  if (shown.children.empty() && shown.value && shown.value->kind() == expression::Kind::boolean) return;
  text.line(depth, "if");
  add_trace(shown, depth + 1, text);
}

// The tree below has the rest.
constexpr std::string_view kDoesNotHold = "its condition does not hold";
std::string without_values(const std::string& why) {
  return why.starts_with(kDoesNotHold) ? std::string(kDoesNotHold) : why;
}

void add_triggers(const Explanation& explanation, Lines& text) {
  for (const auto& trigger : explanation.triggers) {
    text.line(0, fmt::format("{} on {}  {}", mark_of(trigger.fires), trigger.event, shortened(trigger.why)));
    for (const auto& filter : trigger.filters) {
      text.line(1, fmt::format("{} {}{}", mark_of(filter.passes), filter.key,
                               filter.note.empty() ? "" : "  " + filter.note));
      for (const auto& pattern : filter.patterns) {
        const auto against =
            pattern.held_against.empty() ? "" : fmt::format("  {}", shortened(pattern.held_against));
        text.line(2, fmt::format("{} {}{}", pattern.matches ? "=" : "≠", pattern.pattern, against));
      }
    }
  }
}

std::string steps_text(const LegExplanation& leg) {
  Lines text;
  for (const auto& step : leg.steps) {
    text.line(2, fmt::format("{} {}{}", mark_of(step.runs), shortened(step.title),
                             step.why.empty() ? "" : "  " + shortened(without_values(step.why))));
    if (step.runs != Answer::yes) add_condition(step.condition, 3, text);
  }
  return text.take();
}

std::string settings_text(const base::Json& settings) {
  Lines text;
  for (const auto& [key, value] : settings.items())
    text.line(1, fmt::format("{:<18} {}", key, shortened(plain(value))));
  return text.take();
}

std::string job_text(const JobExplanation& job);

// The jobs of a called workflow stand within the one that calls it.
std::string called_text(const LegExplanation& leg) {
  Lines text;
  if (!leg.call_fails.empty()) text.line(2, "✗ it cannot be called: " + shortened(leg.call_fails));
  for (const auto& job : leg.called) {
    const auto inner = job_text(job);
    for (const auto line : base::lines_of(inner)) text.line(line.empty() ? 0 : 2, line);
  }
  return text.take();
}

std::string names_of(const std::vector<const LegExplanation*>& legs) {
  std::vector<std::string> names;
  for (const auto* leg : legs) {
    if (names.size() == kMostLegNames) break;
    names.push_back(leg->name);
  }
  auto text = base::join(names, ", ");
  if (legs.size() > names.size()) text += fmt::format(" and {} more", legs.size() - names.size());
  return text;
}

// Legs that do the same are told together.
void add_legs(const JobExplanation& job, Lines& text) {
  std::vector<std::pair<std::string, std::vector<const LegExplanation*>>> groups;
  for (const auto& leg : job.legs) {
    auto body = settings_text(leg.settings) + steps_text(leg) + called_text(leg);
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == body; });
    if (same != groups.end()) {
      same->second.push_back(&leg);
    } else {
      groups.emplace_back(std::move(body), std::vector<const LegExplanation*>{&leg});
    }
  }
  if (!job.legs_unknown.empty()) text.line(1, fmt::format("{:<18} {}", "matrix", job.legs_unknown));
  if (job.legs.size() > 1) text.line(1, fmt::format("{:<18} {} legs", "matrix", job.legs.size()));
  for (const auto& [body, legs] : groups) {
    const bool has_name = !legs.front()->matrix.is_null() || legs.front()->name != job.job->id;
    if (has_name)
      text.line(1, fmt::format("{:<18} {}",
                               legs.front()->matrix.is_null() ? "name" : (legs.size() > 1 ? "legs" : "leg"),
                               names_of(legs)));
    for (const auto line : base::lines_of(body)) text.line(0, line);
  }
}

std::string job_text(const JobExplanation& job) {
  Lines text;
  auto heading = fmt::format("{} {}", mark_of(job.runs), job.job->id);
  if (!job.why.empty()) heading += "  " + without_values(job.why);
  if (job.assumed) heading += fmt::format("  (assumed: {})", to_string(*job.assumed));
  text.line(0, heading);
  add_condition(job.condition, 1, text);
  if (job.runs == Answer::no) return text.take();
  text.line(1, fmt::format("{:<18} {} ({})", "permissions", shortened(plain(job.permissions)),
                           "of the " + job.permissions_from));
  add_legs(job, text);
  return text.take();
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  Lines text;
  const auto& event = explanation.event;
  const auto& workflow = *explanation.workflow;
  text.line(0, fmt::format("{} ({})", workflow.name.value_or("Workflow"), workflow.path));
  text.line(0, fmt::format("held against {}{} of {}", event.name,
                           event.action.empty() ? "" : fmt::format(" ({})", event.action), event.ref));
  text.line(0, "");
  add_triggers(explanation, text);
  if (!explanation.triggered) text.line(0, "It does not run: " + explanation.why_not_triggered);
  if (!explanation.concurrency.is_null())
    text.line(0, fmt::format("  concurrency  {}", shortened(plain(explanation.concurrency))));
  std::string all = text.take();
  for (const auto& job : explanation.jobs) all += "\n" + job_text(job);
  return all;
}

}  // namespace workflow
