#pragma once
// Whether one set of measurements is larger than another by more than chance: the one-sided Mann-Whitney U
// test. It asks nothing of how the values are distributed, which latencies and error rates never are. Pure.

#include <vector>

namespace ecs {

struct SampleComparison {
  double u = 0;             ///< of the first set
  double p = 1;             ///< the chance of such a difference when there is none
  bool conclusive = false;  ///< both sets are large enough
};

/// Fewer values than this in either set decide nothing.
inline constexpr std::size_t kFewestSamples = 8;

/// Whether `canary` tends to be larger than `baseline`; by the normal approximation with a correction for
/// ties and for continuity.
SampleComparison compare_samples(const std::vector<double>& canary, const std::vector<double>& baseline);

}  // namespace ecs
