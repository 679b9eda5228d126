#include "steps/deployment_gates.h"

#include "base/strings.h"

namespace steps {

namespace {

using base::Result;
using workflow::Node;
using workflow::YamlFields;

constexpr int kLongestWatch = 1440;  // minutes

Result<ecs::Dimensions> read_dimensions(const YamlFields& fields, const Node& node) {
  ecs::Dimensions dimensions;
  if (!node.present()) return dimensions;
  if (!node.is_mapping()) return fields.wrong(node, "dimension names and values");
  for (const auto& [name, value] : node.members) dimensions.emplace_back(name.text, workflow::text_of(value));
  return dimensions;
}

Result<ecs::MetricQuery> read_query(const YamlFields& fields, const Node& node) {
  ecs::MetricQuery query;
  TRY(query.name_space, fields.text_at(node, "namespace"));
  TRY(query.metric, fields.text_at(node, "metric"));
  TRY(query.statistic, fields.text_at(node, "statistic", query.statistic));
  TRY(query.dimensions, read_dimensions(fields, node["dimensions"]));
  if (query.name_space.empty() || query.metric.empty()) return fields.wrong(node, "namespace and metric");
  return query;
}

Result<ecs::MetricGate> read_metric(const YamlFields& fields, const Node& node) {
  TRY(fields.check_keys(node, {"namespace", "metric", "statistic", "dimensions", "at-most", "at-least"}));
  ecs::MetricGate gate;
  TRY(gate.query, read_query(fields, node));
  if (node["at-most"].present()) {
    TRY(gate.at_most, fields.number_at(node, "at-most", 0));
  }
  if (node["at-least"].present()) {
    TRY(gate.at_least, fields.number_at(node, "at-least", 0));
  }
  if (!gate.at_most && !gate.at_least) return fields.wrong(node, "at-most or at-least");
  return gate;
}

Result<ecs::CanaryGate> read_canary(const YamlFields& fields, const Node& node) {
  TRY(fields.check_keys(node, {"namespace", "metric", "statistic", "dimensions", "baseline", "alpha"}));
  ecs::CanaryGate gate;
  TRY(gate.canary, read_query(fields, node));
  TRY(gate.baseline, read_dimensions(fields, node["baseline"]));
  TRY(gate.alpha, fields.number_at(node, "alpha", gate.alpha));
  if (gate.baseline.empty()) return fields.wrong(node, "baseline: the dimensions of the version before");
  if (gate.alpha <= 0 || gate.alpha >= 1) return fields.wrong(node["alpha"], "a number between 0 and 1");
  return gate;
}

Result<ecs::ProbeGate> read_probe(const YamlFields& fields, const Node& node) {
  TRY(fields.check_keys(node, {"url", "most-failed-percent", "most-p95-ms"}));
  ecs::ProbeGate gate;
  TRY(gate.url, fields.text_at(node, "url"));
  if (!gate.url.starts_with("http://") && !gate.url.starts_with("https://"))
    return fields.wrong(node["url"].present() ? node["url"] : node, "url: http:// or https://");
  TRY(gate.most_failed_percent, fields.number_at(node, "most-failed-percent", 0));
  if (node["most-p95-ms"].present()) {
    TRY(gate.most_p95_ms, fields.number_at(node, "most-p95-ms", 0));
  }
  return gate;
}

}  // namespace

Result<ecs::HealthGate> read_gates(const YamlFields& fields, const Node& node) {
  TRY(fields.check_keys(node, {"watch-minutes", "alarms", "metrics", "canaries", "probe"}));
  ecs::HealthGate gate;
  TRY(const double minutes, fields.number_at(node, "watch-minutes", 5));
  if (minutes < 0 || minutes > kLongestWatch) return fields.wrong(node["watch-minutes"], "0 to 1440 minutes");
  gate.watch = std::chrono::seconds(static_cast<int>(minutes * 60));
  TRY(gate.alarms, fields.list_at(node, "alarms"));
  for (const Node& entry : node["metrics"].items) {
    TRY(auto metric, read_metric(fields, entry));
    gate.metrics.push_back(std::move(metric));
  }
  for (const Node& entry : node["canaries"].items) {
    TRY(auto canary, read_canary(fields, entry));
    gate.canaries.push_back(std::move(canary));
  }
  if (node["probe"].present()) {
    TRY(gate.probe, read_probe(fields, node["probe"]));
  }
  if (gate.empty()) return fields.wrong(node, "alarms, metrics, canaries or probe");
  return gate;
}

}  // namespace steps
