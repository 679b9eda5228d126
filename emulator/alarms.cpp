#include "emulator/alarms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "emulator/json_file.h"

namespace emulator {

namespace {

constexpr std::size_t kMostHistory = 500;

/// How often CloudWatch looks: each minute, at alarms of shorter periods each ten seconds.
double tick_of(const Alarm& alarm) {
  return alarm.is_composite ? 1 : alarm.period < 60 ? 10 : 60;
}

base::Error alarm_refusal(const char* code, std::string message) {
  auto error = base::invalid_input(std::move(message));
  error.code = code;
  return error;
}

const char* type_of(const Alarm& alarm) {
  return alarm.is_composite ? "CompositeAlarm" : "MetricAlarm";
}

/// "Threshold Crossed: 2 out of the last 2 datapoints [5.0, 7.0] were greater than the threshold (1.0)."
std::string reason_of(const Alarm& alarm, const std::vector<std::optional<double>>& points,
                      AlarmState state) {
  if (state == AlarmState::insufficient) {
    return fmt::format("Insufficient Data: {} datapoints were unknown.", alarm.threshold.evaluation_periods);
  }
  std::vector<double> real;
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (point->has_value() && real.size() < static_cast<std::size_t>(alarm.threshold.evaluation_periods))
      real.push_back(**point);
  }
  if (real.empty())
    return fmt::format(
        "Threshold Crossed: no datapoints were received for {} periods and missing ones "
        "count as [{}].",
        alarm.threshold.evaluation_periods, alarm.threshold.missing);
  const auto breaching = std::count_if(real.begin(), real.end(),
                                       [&](double value) { return is_breaching(alarm.threshold, value); });
  const auto told =
      state == AlarmState::alarm ? breaching : static_cast<std::ptrdiff_t>(real.size()) - breaching;
  return fmt::format("Threshold Crossed: {} out of the last {} datapoints [{:.4}] {} {} the threshold ({}).",
                     told, real.size(), fmt::join(real, ", "), told == 1 ? "was" : "were",
                     state == AlarmState::alarm ? "beyond" : "not beyond", alarm.threshold.threshold);
}

}  // namespace

base::Result<std::unique_ptr<Alarms>> Alarms::open(Place place, const MetricStore& metrics,
                                                   base::Clock& clock) {
  std::unique_ptr<Alarms> alarms(new Alarms(std::move(place), metrics, clock));
  TRY(alarms->load());
  return alarms;
}

base::Result<void> Alarms::put_metric_alarm(const base::Json& declared) {
  TRY(auto alarm, read_metric_alarm(declared));
  return put(std::move(alarm));
}

base::Result<void> Alarms::put_composite_alarm(const base::Json& declared) {
  TRY(auto alarm, read_composite_alarm(declared));
  {
    const std::lock_guard lock(mutex_);
    const auto find = [this, &alarm](const std::string& name) -> std::optional<AlarmState> {
      const auto found = alarms_.find(name);
      return found == alarms_.end() || name == alarm.name ? std::nullopt : std::optional(found->second.state);
    };
    if (auto rule = evaluate_rule(base::json_string(declared, "AlarmRule"), find); !rule)
      return alarm_refusal("ValidationError", rule.error().message);
  }
  return put(std::move(alarm));
}

base::Result<void> Alarms::put(Alarm alarm) {
  const std::lock_guard lock(mutex_);
  alarm.arn = arn_of(alarm.name);
  alarm.configured_at = now();
  alarm.updated_at = alarm.configured_at;
  if (const auto known = alarms_.find(alarm.name); known != alarms_.end()) {
    if (known->second.is_composite != alarm.is_composite)
      return alarm_refusal("ValidationError", fmt::format("The alarm {} exists already and is a {}",
                                                          alarm.name, type_of(known->second)));
    alarm.state = known->second.state;
    alarm.reason = known->second.reason;
    alarm.updated_at = known->second.updated_at;
  } else if (alarms_.size() >= kMostAlarms) {
    return alarm_refusal("LimitExceededFault",
                         fmt::format("The quota of {} alarms is reached.", kMostAlarms));
  }
  note(alarm, "ConfigurationUpdate", fmt::format("Alarm \"{}\" created or updated", alarm.name),
       {{"version", "1.0"}, {"type", "Create"}, {"createdAlarm", alarm.declared}});
  alarms_[alarm.name] = std::move(alarm);
  save();
  return {};
}

base::Result<void> Alarms::remove(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  for (const auto& name : names) {
    if (!alarms_.contains(name))
      return alarm_refusal("ResourceNotFound", fmt::format("Unknown alarm: {}", name));
  }
  for (const auto& name : names) {
    alarms_.erase(name);
    held_.erase(name);
  }
  save();
  return {};
}

base::Result<void> Alarms::set_state(const std::string& name, AlarmState state, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const auto found = alarms_.find(name);
  if (found == alarms_.end())
    return alarm_refusal("ResourceNotFound", fmt::format("Unknown alarm: {}", name));
  found->second.evaluate_at = now() + tick_here(found->second);
  change_state(found->second, state, reason);
  save();
  return {};
}

bool Alarms::hold_in_alarm(const std::string& name, double until) {
  const std::lock_guard lock(mutex_);
  const auto found = alarms_.find(name);
  if (found == alarms_.end()) return false;
  held_[name] = until;
  if (until > now()) change_state(found->second, AlarmState::alarm, "Held in ALARM by a fault on demand.");
  found->second.evaluate_at = 0;
  save();
  return true;
}

std::vector<Alarm> Alarms::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Alarm> list;
  for (const auto& [name, alarm] : alarms_) list.push_back(alarm);
  return list;
}

std::string Alarms::arn_of(const std::string& name) const {
  return fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", place_.region, place_.account, name);
}

std::vector<FiringAlarm> Alarms::firing_for(const std::string& action) const {
  const std::lock_guard lock(mutex_);
  std::vector<FiringAlarm> firing;
  for (const auto& [name, alarm] : alarms_) {
    if (alarm.is_composite || alarm.state != AlarmState::alarm) continue;
    const auto& actions = base::json_member(alarm.declared, "AlarmActions");
    if (!base::json_bool(alarm.declared, "ActionsEnabled", true) ||
        std::find(actions.begin(), actions.end(), action) == actions.end())
      continue;
    const auto points = newest_points(alarm, alarm.threshold.evaluation_periods, now());
    const auto newest =
        std::find_if(points.rbegin(), points.rend(), [](const auto& point) { return point.has_value(); });
    if (newest != points.rend()) firing.push_back({name, alarm.threshold.threshold, **newest});
  }
  return firing;
}

std::vector<AlarmHistoryItem> Alarms::history() const {
  const std::lock_guard lock(mutex_);
  return {history_.rbegin(), history_.rend()};
}

std::vector<AlarmView> Alarms::find(const std::vector<std::string>& names) const {
  const std::lock_guard lock(mutex_);
  std::vector<AlarmView> views;
  for (const auto& name : names) {
    const auto found = alarms_.find(name);
    if (found == alarms_.end()) continue;
    const Alarm& alarm = found->second;
    const double window = alarm.is_composite ? 0 : alarm.period * alarm.threshold.evaluation_periods;
    views.push_back({name, alarm.state == AlarmState::alarm, window});
  }
  return views;
}

void Alarms::evaluate() {
  const std::lock_guard lock(mutex_);
  const double time = now();
  // Composite alarms last: they read the states of the others.
  for (const bool composite : {false, true}) {
    for (auto& [name, alarm] : alarms_) {
      if (alarm.is_composite != composite) continue;
      const auto held = held_.find(name);
      if (held != held_.end() && time < held->second) continue;
      // A clock that was set back must not put an alarm to sleep.
      const bool due = time >= alarm.evaluate_at || alarm.evaluate_at > time + tick_here(alarm);
      if (!due) continue;
      alarm.evaluate_at = time + tick_here(alarm);
      composite ? evaluate_composite(alarm, time) : evaluate_metric(alarm, time);
    }
  }
  if (changed_) save();
}

double Alarms::period_here(const Alarm& alarm) const {
  return std::max(alarm.period / place_.time_scale, MetricStore::kShortestPeriod);
}

double Alarms::tick_here(const Alarm& alarm) const {
  return std::max(tick_of(alarm) / place_.time_scale, MetricStore::kShortestPeriod);
}

std::vector<std::optional<double>> Alarms::newest_points(const Alarm& alarm, int count, double now) const {
  const double period = period_here(alarm);
  const double end = std::floor(now / period) * period;  // whole periods only
  const double start = end - count * period;
  std::vector<std::optional<double>> points(static_cast<std::size_t>(count));
  for (const auto& point : metrics_.points(alarm.metric, start, end, period)) {
    const auto place = static_cast<std::size_t>(std::max(0.0, std::round((point.start - start) / period)));
    if (place < points.size()) points[place] = statistic_of(point.bucket, alarm.statistic);
  }
  return points;
}

void Alarms::evaluate_metric(Alarm& alarm, double now) {
  const auto points = newest_points(alarm, alarm.threshold.evaluation_periods + kLatePeriods, now);
  const auto state = evaluate_alarm(alarm.threshold, points, alarm.state);
  if (state != alarm.state) change_state(alarm, state, reason_of(alarm, points, state));
}

void Alarms::evaluate_composite(Alarm& alarm, double /*now*/) {
  const auto rule = base::json_string(alarm.declared, "AlarmRule");
  const auto fires = evaluate_rule(rule, [this](const std::string& name) -> std::optional<AlarmState> {
    const auto found = alarms_.find(name);
    return found == alarms_.end() ? std::nullopt : std::optional(found->second.state);
  });
  const auto state = !fires ? AlarmState::insufficient : *fires ? AlarmState::alarm : AlarmState::ok;
  if (state == alarm.state) return;
  change_state(alarm, state, fires ? fmt::format("{} is {}", rule, *fires) : fires.error().message);
}

void Alarms::change_state(Alarm& alarm, AlarmState state, const std::string& reason) {
  const auto before = alarm.state;
  alarm.reason = reason;
  alarm.state = state;
  alarm.updated_at = now();
  changed_ = true;
  if (before == state) return;
  note(alarm, "StateUpdate", fmt::format("Alarm updated from {} to {}", name_of(before), name_of(state)),
       {{"version", "1.0"},
        {"oldState", {{"stateValue", name_of(before)}}},
        {"newState", {{"stateValue", name_of(state)}, {"stateReason", reason}}}});
}

void Alarms::note(const Alarm& alarm, const char* kind, std::string summary, const base::Json& detail) {
  history_.push_back({alarm.name, type_of(alarm), now(), kind, std::move(summary), base::to_text(detail)});
  if (history_.size() > kMostHistory) history_.erase(history_.begin(), history_.begin() + kMostHistory / 4);
  changed_ = true;
}

base::Result<void> Alarms::load() {
  TRY(const auto document, load_json_file(place_.file));
  for (const auto& entry : base::json_member(document, "alarms")) {
    const bool composite = base::json_bool(entry, "composite");
    const auto& declared = base::json_member(entry, "declared");
    TRY(auto alarm, (composite ? read_composite_alarm(declared) : read_metric_alarm(declared))
                        .while_doing("reading " + place_.file.string()));
    alarm.arn = base::json_string(entry, "arn");
    alarm.state = alarm_state_named(base::json_string(entry, "state")).value_or(AlarmState::insufficient);
    alarm.reason = base::json_string(entry, "reason");
    alarm.configured_at = base::json_number(entry, "configured_at");
    alarm.updated_at = base::json_number(entry, "updated_at");
    const auto name = alarm.name;
    alarms_[name] = std::move(alarm);
  }
  for (const auto& entry : base::json_member(document, "history")) {
    history_.push_back({base::json_string(entry, "alarm"), base::json_string(entry, "type"),
                        base::json_number(entry, "time"), base::json_string(entry, "kind"),
                        base::json_string(entry, "summary"), base::json_string(entry, "detail")});
  }
  return {};
}

void Alarms::save() {
  base::Json document = {{"alarms", base::Json::array()}, {"history", base::Json::array()}};
  for (const auto& [name, alarm] : alarms_) {
    document["alarms"].push_back({{"arn", alarm.arn},
                                  {"composite", alarm.is_composite},
                                  {"declared", alarm.declared},
                                  {"state", name_of(alarm.state)},
                                  {"reason", alarm.reason},
                                  {"configured_at", alarm.configured_at},
                                  {"updated_at", alarm.updated_at}});
  }
  for (const auto& item : history_) {
    document["history"].push_back({{"alarm", item.alarm},
                                   {"type", item.type},
                                   {"time", item.time},
                                   {"kind", item.kind},
                                   {"summary", item.summary},
                                   {"detail", item.detail}});
  }
  changed_ = false;
  if (auto saved = save_json_file(place_.file, document); !saved)
    base::log(base::LogLevel::error, saved.error().to_string());
}

}  // namespace emulator
