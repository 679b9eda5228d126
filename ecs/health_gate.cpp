#include "ecs/health_gate.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "base/strings.h"
#include "ecs/compare_samples.h"
#include "ecs/silence.h"

namespace ecs {
namespace {

using base::Json;
using base::json_member;
using base::json_string;

constexpr const char* kCloudWatchVersion = "2010-08-01";
// Whoever names an address to a gate means one that is there.
constexpr int kLowestBadStatus = 400;

/// Alarm's name and why it is in ALARM, of those that are.
struct AlarmStates {
  std::vector<std::string> firing;
  std::vector<std::string> missing;
};

base::Result<AlarmStates> ask_alarms(aws::Client& client, const std::vector<std::string>& names) {
  std::map<std::string, std::string> parameters = {{"AlarmTypes.member.1", "MetricAlarm"},
                                                   {"AlarmTypes.member.2", "CompositeAlarm"}};
  for (std::size_t i = 0; i < names.size(); ++i)
    parameters[fmt::format("AlarmNames.member.{}", i + 1)] = names[i];
  TRY(const Json answer,
      client.call_query(aws::kCloudWatch, kCloudWatchVersion, "DescribeAlarms", parameters));
  AlarmStates states;
  states.missing = names;
  for (const char* kind : {"MetricAlarms", "CompositeAlarms"}) {
    const Json& alarms = json_member(answer, kind);
    if (!alarms.is_array()) continue;
    for (const Json& alarm : alarms) {
      const auto name = json_string(alarm, "AlarmName");
      std::erase(states.missing, name);
      if (json_string(alarm, "StateValue") == "ALARM")
        states.firing.push_back(
            fmt::format("alarm {} is in ALARM: {}", name, json_string(alarm, "StateReason")));
    }
  }
  return states;
}

struct TimeSpan {
  base::WallTime from, to;
};

bool is_percentile(const std::string& statistic) {
  return statistic.size() > 1 && statistic[0] == 'p' && statistic[1] >= '0' && statistic[1] <= '9';
}

/// The value of a data point; percentiles stand in a map of their own.
std::string value_of(const Json& point, const std::string& statistic) {
  if (!is_percentile(statistic)) return json_string(point, statistic);
  const Json& entry = json_member(json_member(point, "ExtendedStatistics"), "entry");
  return json_string(entry, "value");
}

base::Result<std::vector<double>> ask_metric(aws::Client& client, const MetricQuery& query,
                                             const TimeSpan& span) {
  std::map<std::string, std::string> parameters = {{"Namespace", query.name_space},
                                                   {"MetricName", query.metric},
                                                   {"Period", std::to_string(query.period_seconds)},
                                                   {"StartTime", base::format_iso8601(span.from)},
                                                   {"EndTime", base::format_iso8601(span.to)}};
  parameters[is_percentile(query.statistic) ? "ExtendedStatistics.member.1" : "Statistics.member.1"] =
      query.statistic;
  for (std::size_t i = 0; i < query.dimensions.size(); ++i) {
    parameters[fmt::format("Dimensions.member.{}.Name", i + 1)] = query.dimensions[i].first;
    parameters[fmt::format("Dimensions.member.{}.Value", i + 1)] = query.dimensions[i].second;
  }
  TRY(const Json answer,
      client.call_query(aws::kCloudWatch, kCloudWatchVersion, "GetMetricStatistics", parameters));
  std::vector<double> values;
  const Json& points = json_member(answer, "Datapoints");
  if (!points.is_array()) return values;
  for (const Json& point : points) {
    const auto text = value_of(point, query.statistic);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (!text.empty() && *end == 0) values.push_back(value);
  }
  return values;
}

/// Looks until something is wrong, or the time is over.
class GateWatch {
 public:
  GateWatch(aws::Client& client, HealthGate gate, FollowNews news)
      : client_(client),
        clock_(*client.options().clock),
        gate_(std::move(gate)),
        news_(std::move(news)),
        silence_(clock_, news_.line) {
    began_ = clock_.now();
    began_steady_ = clock_.steady_now();
    if (gate_.probe)
      prober_.emplace(base::ProbeOptions{.url = gate_.probe->url,
                                         .clock = &clock_,
                                         .lowest_bad_status = kLowestBadStatus,
                                         .is_up_already = true},
                      *client.options().http);
  }

  base::Result<std::optional<FollowedEnd>> look() {
    const bool over = clock_.steady_now() - began_steady_ >= gate_.watch;
    auto looked = look_once(over);
    if (!looked && silence_.passes(looked.error())) return std::optional<FollowedEnd>();
    TRY(std::string wrong, std::move(looked));
    silence_.end();
    if (wrong.empty() && !over) return std::optional<FollowedEnd>();
    if (prober_) {
      record_ = prober_->stop();
      prober_.reset();
      if (const auto found = judge_probe(*gate_.probe, *record_); wrong.empty()) wrong = found;
    }
    return std::optional(end(wrong.empty() ? RolloutEnd::completed : RolloutEnd::failed, wrong));
  }

  FollowedEnd end(RolloutEnd end, const std::string& reason) {
    FollowedEnd ended;
    ended.end = end;
    ended.sentence = end == RolloutEnd::completed
                         ? fmt::format("healthy for {} s after the deployment", gate_.watch.count())
                         : "health gate: " + (reason.empty() ? "not watched to its end" : reason);
    ended.annotation = reason;
    ended.summary = fmt::format("### {}\n", ended.sentence);
    ended.json = {{"status", std::string(to_string(end))}, {"reason", reason}};
    if (!record_) return ended;
    ended.summary += "\n" + base::to_markdown(*record_);
    ended.json["probe"] = base::to_json(*record_);
    return ended;
  }

 private:
  /// What is wrong now; `over`: also what is not known by now.
  base::Result<std::string> look_once(bool over) {
    if (!gate_.alarms.empty()) {
      TRY(const auto states, ask_alarms(client_, gate_.alarms));
      if (!states.missing.empty())
        return fmt::format("there is no alarm {}", base::join(states.missing, ", "));
      if (!states.firing.empty()) return states.firing.front();
    }
    for (const auto& metric : gate_.metrics) {
      TRY(auto wrong, judge_metric(metric, over));
      if (!wrong.empty()) return wrong;
    }
    // A test that is made again and again finds something in the end: once, with all values, it means what it
    // says.
    for (const auto& canary : gate_.canaries) {
      if (!over) break;
      TRY(auto wrong, judge_canary(canary));
      if (!wrong.empty()) return wrong;
    }
    return std::string();
  }

  base::Result<std::string> judge_metric(const MetricGate& metric, bool over) {
    const auto& query = metric.query;
    TRY(const auto values, ask_metric(client_, query, {began_, clock_.now()}));
    for (const double value : values) {
      if (metric.at_most && value > *metric.at_most)
        return fmt::format("{} of {} is {}, above {}", query.statistic, query.metric, value, *metric.at_most);
      if (metric.at_least && value < *metric.at_least)
        return fmt::format("{} of {} is {}, below {}", query.statistic, query.metric, value,
                           *metric.at_least);
    }
    if (values.empty() && over) {
      return fmt::format("{} of {} had no value in {} s: that is no proof of health", query.statistic,
                         query.metric, gate_.watch.count());
    }
    return std::string();
  }

  base::Result<std::string> judge_canary(const CanaryGate& canary) {
    const TimeSpan span{began_, clock_.now()};
    TRY(const auto values, ask_metric(client_, canary.canary, span));
    MetricQuery query = canary.canary;
    query.dimensions = canary.baseline;
    TRY(const auto before, ask_metric(client_, query, span));
    const auto compared = compare_samples(values, before);
    if (news_.line) {
      news_.line(fmt::format("{} of canary and baseline: {} and {} values, Mann-Whitney U {}, p {:.4f}",
                             query.metric, values.size(), before.size(), compared.u, compared.p));
    }
    if (!compared.conclusive) {
      return fmt::format(
          "{} has {} and {} values, and {} of each are needed to compare: inconclusive is no pass",
          query.metric, values.size(), before.size(), kFewestSamples);
    }
    if (compared.p < canary.alpha) {
      return fmt::format("{} of the new version is larger than before (Mann-Whitney U {}, p {:.4f} < {})",
                         query.metric, compared.u, compared.p, canary.alpha);
    }
    return std::string();
  }

  aws::Client& client_;
  base::Clock& clock_;
  HealthGate gate_;
  FollowNews news_;
  Silence silence_;
  base::WallTime began_;
  base::SteadyTime began_steady_;
  std::optional<base::Prober> prober_;
  std::optional<base::ProbeRecord> record_;
};

}  // namespace

std::string judge_probe(const ProbeGate& gate, const base::ProbeRecord& record) {
  if (record.sent == 0)
    return fmt::format("no request to {} was answered: that is no proof of health", gate.url);
  const double failed = record.failed_share() * 100;
  if (failed > gate.most_failed_percent) {
    return fmt::format("{} of {} requests to {} failed ({:.2f} %), and {} % may", record.failed, record.sent,
                       gate.url, failed, gate.most_failed_percent);
  }
  if (gate.most_p95_ms && record.p95_ms > *gate.most_p95_ms) {
    return fmt::format("95 % of the requests to {} took up to {:.1f} ms, and {} ms may", gate.url,
                       record.p95_ms, *gate.most_p95_ms);
  }
  return "";
}

Followed start_health_gate(aws::Client& client, const HealthGate& gate, const FollowNews& news) {
  auto watch = std::make_shared<GateWatch>(client, gate, news);
  Followed followed;
  followed.id = "health gate";
  followed.patience = gate.watch + std::chrono::minutes(10);
  followed.look = [watch] { return watch->look(); };
  followed.give_up = [watch](RolloutEnd end) {
    // What can be looked at no more is no proof of health.
    return watch->end(end == RolloutEnd::unknown ? RolloutEnd::failed : end, "");
  };
  return followed;
}

}  // namespace ecs
