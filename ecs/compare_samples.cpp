#include "ecs/compare_samples.h"

#include <algorithm>
#include <cmath>

namespace ecs {

SampleComparison compare_samples(const std::vector<double>& canary, const std::vector<double>& baseline) {
  SampleComparison comparison;
  const auto n1 = static_cast<double>(canary.size());
  const auto n2 = static_cast<double>(baseline.size());
  comparison.conclusive = std::min(canary.size(), baseline.size()) >= kFewestSamples;
  if (canary.empty() || baseline.empty()) return comparison;
  struct Value {
    double value;
    bool of_canary;
  };
  std::vector<Value> all;
  for (const double value : canary) all.push_back({value, true});
  for (const double value : baseline) all.push_back({value, false});
  std::sort(all.begin(), all.end(), [](const Value& a, const Value& b) { return a.value < b.value; });
  double rank_sum = 0;  // of the canary's values; equal ones share the mean of their ranks
  double ties = 0;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && all[end].value == all[i].value) ++end;
    const double rank = (static_cast<double>(i + 1) + static_cast<double>(end)) / 2;
    const auto count = static_cast<double>(end - i);
    ties += count * count * count - count;
    for (; i < end; ++i) rank_sum += all[i].of_canary ? rank : 0;
  }
  comparison.u = rank_sum - n1 * (n1 + 1) / 2;
  const double n = n1 + n2;
  const double variance = n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1)));
  if (variance <= 0) return comparison;  // all values are equal
  const double z = (comparison.u - n1 * n2 / 2 - 0.5) / std::sqrt(variance);
  comparison.p = std::erfc(z / std::sqrt(2.0)) / 2;
  return comparison;
}

}  // namespace ecs
