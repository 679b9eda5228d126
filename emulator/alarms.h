#pragma once
// The alarms of CloudWatch: declared, evaluated by the clock, set by hand, remembered. Kept in a file. What
// they look at is metric_store.h, how they decide alarm_rules.h.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/alarm_rules.h"
#include "emulator/alarm_states.h"
#include "emulator/metric_store.h"

namespace emulator {

struct Alarm {
  std::string name;
  std::string arn;
  base::Json declared;  ///< the members of PutMetricAlarm or PutCompositeAlarm, as DescribeAlarms shows them
  bool is_composite = false;
  // Of a metric alarm, read from `declared`:
  MetricKey metric;
  std::string statistic;
  double period = 60;
  AlarmThreshold threshold;
  // How it stands:
  AlarmState state = AlarmState::insufficient;
  std::string reason = "Unchecked: Initial alarm creation";
  double configured_at = 0;
  double updated_at = 0;
  double evaluate_at = 0;  ///< not before
};

struct AlarmHistoryItem {
  std::string alarm;
  std::string type;  ///< AlarmType: MetricAlarm, CompositeAlarm
  double time = 0;
  std::string kind;  ///< ConfigurationUpdate, StateUpdate
  std::string summary;
  std::string detail;  ///< JSON
};

/// One in ALARM, and what its metric was last.
struct FiringAlarm {
  std::string name;
  double threshold = 0;
  double value = 0;
};

class Alarms {
 public:
  struct Place {
    base::Path file;
    std::string region;
    std::string account;
    double time_scale = 1;  ///< a period of the account passes so many times as fast
  };
  /// With what the file kept. `metrics` and `clock` must outlive it.
  static base::Result<std::unique_ptr<Alarms>> open(Place place, const MetricStore& metrics,
                                                    base::Clock& clock);

  static constexpr std::size_t kMostAlarms = 5000;
  /// Declares an alarm or replaces its declaration; state and history of a known one stay. The Error's code
  /// is AWS's.
  base::Result<void> put_metric_alarm(const base::Json& declared);
  base::Result<void> put_composite_alarm(const base::Json& declared);
  /// ResourceNotFound when one of them is not there: then none is deleted.
  base::Result<void> remove(const std::vector<std::string>& names);
  /// Until the next evaluation.
  base::Result<void> set_state(const std::string& name, AlarmState state, const std::string& reason);
  /// ALARM whatever its metric says, until `until` (epoch seconds): a rehearsed fault. False: no such alarm.
  bool hold_in_alarm(const std::string& name, double until);

  [[nodiscard]] std::vector<Alarm> list() const;                ///< by name
  [[nodiscard]] std::vector<AlarmHistoryItem> history() const;  ///< newest first
  /// As alarm_states.h has it.
  [[nodiscard]] std::vector<AlarmView> find(const std::vector<std::string>& names) const;
  [[nodiscard]] std::string arn_of(const std::string& name) const;
  /// Those on metrics that ring, have this action, enabled, and know a datapoint.
  [[nodiscard]] std::vector<FiringAlarm> firing_for(const std::string& action) const;
  /// Looks at each alarm whose time has come. Called again and again by whoever has a thread.
  void evaluate();

 private:
  Alarms(Place place, const MetricStore& metrics, base::Clock& clock)
      : place_(std::move(place)), metrics_(metrics), clock_(clock) {}
  [[nodiscard]] double now() const { return base::to_epoch_seconds(clock_.now()); }
  base::Result<void> load();
  base::Result<void> put(Alarm alarm);
  /// The newest `count` whole periods, oldest first, those without data empty.
  [[nodiscard]] std::vector<std::optional<double>> newest_points(const Alarm& alarm, int count,
                                                                 double now) const;
  [[nodiscard]] double period_here(const Alarm& alarm) const;
  [[nodiscard]] double tick_here(const Alarm& alarm) const;
  void evaluate_metric(Alarm& alarm, double now);
  void evaluate_composite(Alarm& alarm, double now);
  void change_state(Alarm& alarm, AlarmState state, const std::string& reason);
  void note(const Alarm& alarm, const char* kind, std::string summary, const base::Json& detail);
  void save();

  mutable std::mutex mutex_;
  Place place_;
  const MetricStore& metrics_;
  base::Clock& clock_;
  std::map<std::string, Alarm> alarms_;
  std::vector<AlarmHistoryItem> history_;  ///< oldest first
  std::map<std::string, double> held_;     ///< until when, by name
  bool changed_ = false;
};

/// Read a declaration; the Error has AWS's code and says which member is wrong.
base::Result<Alarm> read_metric_alarm(const base::Json& declared);
base::Result<Alarm> read_composite_alarm(const base::Json& declared);

}  // namespace emulator
