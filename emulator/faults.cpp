#include "emulator/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emulator/elb_state.h"

namespace emulator {

namespace {

constexpr std::size_t kMostFaults = 100;
constexpr double kLongestFault = 86'400;
constexpr std::array<std::string_view, 10> kFaultKinds{
    "pull",          "capacity",          "crash",   "health", "slow_start", "alarm", "throttle",
    "expired_token", "identity_provider", "registry"};
constexpr std::array<std::string_view, 11> kFaultMembers{
    "kind",          "task_definition", "revisions", "action", "alarm",  "repository",
    "after_seconds", "delay_seconds",   "status",    "times",  "seconds"};

base::Result<double> seconds_in(const base::Json& declared, const char* name) {
  const auto& member = base::json_member(declared, name);
  if (member.is_null()) return 0.0;
  const double seconds = member.is_number() ? member.get<double>() : -1;
  if (seconds >= 0 && seconds <= kLongestFault) return seconds;
  return base::invalid_input(fmt::format("fault: {}: expected 0 to {} seconds, found {}", name, kLongestFault,
                                         base::to_text(member)));
}

base::Result<void> check_members(const base::Json& declared) {
  if (!declared.is_object()) return base::invalid_input("fault: expected a mapping with a kind");
  for (const auto& [name, member] : declared.items()) {
    if (std::find(kFaultMembers.begin(), kFaultMembers.end(), name) == kFaultMembers.end())
      return base::invalid_input(
          fmt::format("fault: '{}' is no member; there are {}", name, fmt::join(kFaultMembers, ", ")));
  }
  const auto kind = base::json_string(declared, "kind");
  if (std::find(kFaultKinds.begin(), kFaultKinds.end(), kind) != kFaultKinds.end()) return {};
  return base::invalid_input(
      fmt::format("fault: kind: expected one of {}, found '{}'", fmt::join(kFaultKinds, ", "), kind));
}

/// family:revision of a definition's ARN.
std::string revision_name(const base::Json& definition) {
  const auto arn = base::json_string(definition, "taskDefinitionArn");
  return arn.substr(arn.rfind('/') + 1);
}

}  // namespace

base::Result<Fault> Faults::add(const base::Json& declared) {
  TRY(check_members(declared));
  Fault fault;
  fault.kind = base::json_string(declared, "kind");
  fault.task_definition = base::json_string(declared, "task_definition", "*");
  fault.new_revisions = base::json_string(declared, "revisions", "new") != "all";
  fault.action = base::json_string(declared, "action", "*");
  fault.alarm = base::json_string(declared, "alarm");
  fault.repository = base::json_string(declared, "repository", "*");
  TRY(fault.after_seconds, seconds_in(declared, "after_seconds"));
  TRY(fault.delay_seconds, seconds_in(declared, "delay_seconds"));
  TRY(const double seconds, seconds_in(declared, "seconds"));
  const auto status = base::json_integer(declared, "status", 500);
  if (status < 200 || status > 599)
    return base::invalid_input(fmt::format("fault: status: expected 200 to 599, found {}", status));
  fault.status = static_cast<int>(status);
  fault.times = static_cast<std::uint64_t>(std::max<std::int64_t>(0, base::json_integer(declared, "times")));
  if (fault.kind == "alarm" && fault.alarm.empty())
    return base::invalid_input("fault: alarm: expected the name of an alarm");
  const std::lock_guard lock(mutex_);
  if (faults_.size() >= kMostFaults)
    return base::invalid_input(fmt::format("fault: there are {} already: take some back", kMostFaults));
  fault.id = next_id_++;
  fault.declared_at = now();
  if (seconds > 0) fault.until = fault.declared_at + seconds;
  faults_.push_back(fault);
  return fault;
}

bool Faults::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(faults_, [&](const Fault& fault) { return fault.id == id; }) > 0;
}

void Faults::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

base::Json Faults::list() const {
  const std::lock_guard lock(mutex_);
  base::Json list = base::Json::array();
  for (const auto& fault : faults_) {
    list.push_back({{"id", fault.id},
                    {"kind", fault.kind},
                    {"task_definition", fault.task_definition},
                    {"revisions", fault.new_revisions ? "new" : "all"},
                    {"action", fault.action},
                    {"alarm", fault.alarm},
                    {"repository", fault.repository},
                    {"until", fault.until},
                    {"times", fault.times},
                    {"happened", fault.happened}});
  }
  return list;
}

std::optional<Fault> Faults::take(const char* kind, const std::function<bool(const Fault&)>& fits) {
  const std::lock_guard lock(mutex_);
  for (auto& fault : faults_) {
    const bool over =
        (fault.times > 0 && fault.happened >= fault.times) || (fault.until > 0 && now() > fault.until);
    if (over || fault.kind != kind || !fits(fault)) continue;
    ++fault.happened;
    return fault;
  }
  return std::nullopt;
}

TaskFaults Faults::of_task(const TaskOrder& order) {
  const double registered_at = base::json_number(order.task_definition, "registeredAt");
  const auto name = revision_name(order.task_definition);
  const auto fits = [&](const Fault& fault) {
    return matches_wildcard(fault.task_definition, name) &&
           (!fault.new_revisions || registered_at >= fault.declared_at);
  };
  TaskFaults faults;
  faults.pull_fails = take("pull", fits).has_value();
  faults.no_capacity = take("capacity", fits).has_value();
  if (const auto crash = take("crash", fits)) faults.crash_after = crash->after_seconds;
  if (const auto slow = take("slow_start", fits)) faults.deaf_for = slow->after_seconds;
  if (const auto sick = take("health", fits))
    faults.health = {sick->status, sick->delay_seconds, sick->after_seconds};
  return faults;
}

bool Faults::throttles(const std::string& action) {
  return take("throttle", [&](const Fault& fault) { return matches_wildcard(fault.action, action); })
      .has_value();
}

bool Faults::expires_token(const std::string& action) {
  return take("expired_token", [&](const Fault& fault) { return matches_wildcard(fault.action, action); })
      .has_value();
}

bool Faults::identity_provider_is_down() {
  return take("identity_provider", [](const Fault&) { return true; }).has_value();
}

bool Faults::breaks_registry(const std::string& repository) {
  return take("registry", [&](const Fault& fault) { return matches_wildcard(fault.repository, repository); })
      .has_value();
}

}  // namespace emulator
