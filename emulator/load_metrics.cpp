#include "emulator/load_metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace emulator {

namespace {

constexpr const char* kSpace = "AWS/ApplicationELB";

/// app/front/50dc6c495c0c9188, targetgroup/web/73e2d6bc24d8a067: what dimensions name.
std::string dimension_of(const std::string& arn) {
  const auto resource = arn.substr(arn.rfind(':') + 1);
  constexpr std::string_view kBalancer = "loadbalancer/";
  return resource.starts_with(kBalancer) ? resource.substr(kBalancer.size()) : resource;
}

/// The newest latencies of a target, at most `count`, in seconds.
MetricBucket newest_latencies(const TargetCounters& counters, std::uint64_t count) {
  MetricBucket bucket;
  const auto& ring = counters.latencies_ms;
  const std::size_t kept = std::min<std::uint64_t>(count, ring.size());
  for (std::size_t i = 1; i <= kept; ++i) {
    const std::size_t end = counters.next_latency == 0 ? ring.size() : counters.next_latency;
    const std::size_t place = (end + ring.size() - i) % ring.size();
    // Each stands for as many requests as there were for one that the ring still has.
    bucket.add(ring[place] / 1000, static_cast<double>(count) / static_cast<double>(kept));
  }
  return bucket;
}

}  // namespace

base::Result<base::Json> load_dimensions(ElbState& state, const std::string& target_group,
                                         const std::string& load_balancer) {
  const auto lock = state.lock();
  const auto unknown = [](const char* kind, const std::string& name) {
    return base::make_error(base::ErrorKind::not_found, fmt::format("there is no {} '{}'", kind, name));
  };
  const auto* group = state.find_target_group(target_group);
  if (!target_group.empty() && group == nullptr) return unknown("target group", target_group);
  const auto users = group == nullptr ? std::vector<std::string>() : state.users_of(group->arn);
  const auto* balancer =
      state.find_load_balancer(!load_balancer.empty() || users.empty() ? load_balancer : users.front());
  if (balancer == nullptr) return unknown("load balancer", load_balancer);
  base::Json dimensions =
      base::Json::array({{{"Name", "LoadBalancer"}, {"Value", dimension_of(balancer->arn)}}});
  if (group != nullptr) dimensions.push_back({{"Name", "TargetGroup"}, {"Value", dimension_of(group->arn)}});
  return dimensions;
}

void LoadMetrics::put(const Dimensions& dimensions, const char* name, double value, double now) {
  MetricBucket bucket;
  bucket.add(value, 1);
  metrics_.put({kSpace, name, dimensions}, now, bucket, "Count");
}

void LoadMetrics::measure(double now) {
  struct Group {
    std::shared_ptr<TargetGroup> group;
    std::string arn;
    std::string balancer;
  };
  std::vector<Group> groups;
  {
    const auto lock = state_.lock();
    for (const auto& record : state_.target_groups) {
      const auto users = state_.users_of(record.arn);
      if (!users.empty()) groups.push_back({record.group, record.arn, users.front()});
    }
  }
  for (const auto& [group, arn, balancer] : groups) measure_group(*group, arn, balancer, now);
  measure_fronts(now);
}

void LoadMetrics::measure_group(const TargetGroup& group, const std::string& group_arn,
                                const std::string& balancer_arn, double now) {
  const Dimensions front = {{"LoadBalancer", dimension_of(balancer_arn)}};
  const Dimensions both = {{"LoadBalancer", dimension_of(balancer_arn)},
                           {"TargetGroup", dimension_of(group_arn)}};
  auto& seen = seen_[group_arn];
  const auto totals = group.totals();
  const auto count = [&](const char* name, std::uint64_t total, std::uint64_t& before) {
    if (total > before) {
      for (const auto& dimensions : {front, both})
        put(dimensions, name, static_cast<double>(total - before), now);
    }
    before = total;
  };
  count("HTTPCode_Target_2XX_Count", totals.by_class[2], seen.by_class[2]);
  count("HTTPCode_Target_3XX_Count", totals.by_class[3], seen.by_class[3]);
  count("HTTPCode_Target_4XX_Count", totals.by_class[4], seen.by_class[4]);
  count("HTTPCode_Target_5XX_Count", totals.by_class[5], seen.by_class[5]);
  count("TargetConnectionErrorCount", totals.connection_errors, seen.connection_errors);
  const auto requests = static_cast<double>(totals.requests - std::min(totals.requests, seen.requests));
  if (requests > 0) put(both, "RequestCount", requests, now);
  seen.requests = totals.requests;

  MetricBucket latencies;
  std::map<TargetId, std::uint64_t> answered;
  double healthy = 0;
  double unhealthy = 0;
  for (const auto& view : group.targets()) {
    const auto before = seen.answered.find(view.id);
    const std::uint64_t start = before == seen.answered.end() ? 0 : before->second;
    if (view.counters.requests > start)
      latencies.add(newest_latencies(view.counters, view.counters.requests - start));
    answered[view.id] = view.counters.requests;
    healthy += view.health.state == TargetState::healthy ? 1 : 0;
    unhealthy += view.health.state == TargetState::unhealthy ? 1 : 0;
  }
  seen.answered = std::move(answered);
  if (latencies.count > 0) {
    for (const auto& dimensions : {front, both})
      metrics_.put({kSpace, "TargetResponseTime", dimensions}, now, latencies, "Seconds");
  }
  if (requests > 0 && healthy > 0) {
    const Dimensions back = {{"TargetGroup", dimension_of(group_arn)}};
    for (const auto& dimensions : {back, both})
      put(dimensions, "RequestCountPerTarget", requests / healthy, now);
  }
  put(both, "HealthyHostCount", healthy, now);
  put(both, "UnHealthyHostCount", unhealthy, now);
}

void LoadMetrics::measure_fronts(double now) {
  struct Counted {
    std::uint64_t requests = 0;
    std::uint64_t by_code[3] = {};  // 502, 503, 504
  };
  std::map<std::string, Counted> fronts;  // a load balancer has several listeners
  {
    const auto lock = state_.lock();
    for (const auto& listener : state_.listeners) {
      if (!listener->server) continue;
      const auto& counters = listener->server->counters();
      auto& counted = fronts[listener->load_balancer_arn];
      counted.requests += counters.requests;
      counted.by_code[0] += counters.answered_502;
      counted.by_code[1] += counters.answered_503;
      counted.by_code[2] += counters.answered_504;
    }
  }
  constexpr const char* kNames[] = {"HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count",
                                    "HTTPCode_ELB_504_Count"};
  for (const auto& [arn, counted] : fronts) {
    auto& seen = seen_[arn];
    const Dimensions front = {{"LoadBalancer", dimension_of(arn)}};
    if (counted.requests > seen.requests)
      put(front, "RequestCount", static_cast<double>(counted.requests - seen.requests), now);
    std::uint64_t refused = 0;
    for (int code = 0; code < 3; ++code) {
      const std::uint64_t more = counted.by_code[code] - std::min(counted.by_code[code], seen.by_class[code]);
      if (more > 0) put(front, kNames[code], static_cast<double>(more), now);
      seen.by_class[code] = counted.by_code[code];
      refused += more;
    }
    if (refused > 0) put(front, "HTTPCode_ELB_5XX_Count", static_cast<double>(refused), now);
    seen.requests = counted.requests;
  }
}

}  // namespace emulator
