#include "emulator/metric_store.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace emulator {

namespace {

constexpr double kBucketsOfASecond = 20;
constexpr double kRoundingSlack = 1e-6;  // of a period: periods below a second are no whole binary fractions
constexpr std::size_t kMostKeptValues = 32;  // of a bucket after it was thinned out

std::optional<double> percentile_of(const std::string& statistic) {
  if (statistic.size() < 2 || statistic[0] != 'p') return std::nullopt;
  char* end = nullptr;
  const double rank = std::strtod(statistic.c_str() + 1, &end);
  const bool digits = statistic.find_first_not_of("0123456789.", 1) == std::string::npos;
  if (*end != '\0' || !digits || rank < 0 || rank > 100) return std::nullopt;
  return rank;
}

double percentile(const MetricBucket& bucket, double rank) {
  auto sorted = bucket.values;
  std::sort(sorted.begin(), sorted.end());
  double total = 0;
  for (const auto& [value, times] : sorted) total += times;
  double seen = 0;
  for (const auto& [value, times] : sorted) {
    seen += times;
    if (seen >= total * rank / 100) return value;
  }
  return sorted.back().first;
}

}  // namespace

void MetricBucket::add(double value, double times) {
  MetricBucket one{times, value * times, value, value, {{value, times}}};
  add(one);
}

void MetricBucket::add(const MetricBucket& other) {
  if (other.count <= 0) return;
  least = count > 0 ? std::min(least, other.least) : other.least;
  most = count > 0 ? std::max(most, other.most) : other.most;
  count += other.count;
  sum += other.sum;
  values.insert(values.end(), other.values.begin(), other.values.end());
  if (values.size() <= 2 * kMostKeptValues) return;
  // Neighbours become one: the distribution stays, its resolution halves.
  std::sort(values.begin(), values.end());
  std::vector<std::pair<double, double>> fewer;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    const double times = values[i].second + values[i + 1].second;
    const double weighted = values[i].first * values[i].second + values[i + 1].first * values[i + 1].second;
    fewer.emplace_back(times > 0 ? weighted / times : 0, times);
  }
  values = std::move(fewer);
}

bool is_statistic(const std::string& statistic) {
  return statistic == "Average" || statistic == "Sum" || statistic == "Minimum" || statistic == "Maximum" ||
         statistic == "SampleCount" || percentile_of(statistic).has_value();
}

std::optional<double> statistic_of(const MetricBucket& bucket, const std::string& statistic) {
  if (bucket.count <= 0) return std::nullopt;
  if (statistic == "Average") return bucket.sum / bucket.count;
  if (statistic == "Sum") return bucket.sum;
  if (statistic == "Minimum") return bucket.least;
  if (statistic == "Maximum") return bucket.most;
  if (statistic == "SampleCount") return bucket.count;
  const auto rank = percentile_of(statistic);
  if (!rank || bucket.values.empty()) return std::nullopt;
  return percentile(bucket, *rank);
}

void MetricStore::put(const MetricKey& key, double time, const MetricBucket& bucket,
                      const std::string& unit) {
  const std::lock_guard lock(mutex_);
  auto& series = series_[key];
  by_age_.erase(series.written);
  series.written = ++puts_;
  by_age_[series.written] = key;
  if (!unit.empty()) series.unit = unit;
  const auto [place, is_new] =
      series.buckets.try_emplace(static_cast<std::int64_t>(std::floor(time * kBucketsOfASecond)));
  place->second.add(bucket);
  buckets_ += is_new ? 1 : 0;
  const auto newest = series.buckets.rbegin()->first;
  while (newest - series.buckets.begin()->first >
         static_cast<std::int64_t>(remembered_ * kBucketsOfASecond)) {
    series.buckets.erase(series.buckets.begin());
    --buckets_;
  }
  if (series_.size() > kMostSeries || buckets_ > kMostBuckets) forget_oldest();
}

void MetricStore::forget_oldest() {
  const auto oldest = by_age_.begin();
  const auto series = series_.find(oldest->second);
  buckets_ -= series->second.buckets.size();
  series_.erase(series);
  by_age_.erase(oldest);
}

std::vector<MetricPoint> MetricStore::points(const MetricKey& key, double start, double end,
                                             double period) const {
  const std::lock_guard lock(mutex_);
  const auto found = series_.find(key);
  if (found == series_.end() || !(end > start) || !(period > 0)) return {};
  std::vector<MetricPoint> points;
  const auto& buckets = found->second.buckets;
  for (auto it = buckets.lower_bound(static_cast<std::int64_t>(std::ceil(start * kBucketsOfASecond)));
       it != buckets.end(); ++it) {
    const double second = static_cast<double>(it->first) / kBucketsOfASecond;
    if (second >= end) break;
    const double aligned = std::floor(second / period + kRoundingSlack) * period;
    if (points.empty() || points.back().start != aligned) points.push_back({aligned, {}});
    points.back().bucket.add(it->second);
  }
  return points;
}

std::vector<MetricKey> MetricStore::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<MetricKey> keys;
  for (const auto& [key, series] : series_) keys.push_back(key);
  return keys;
}

std::string MetricStore::unit_of(const MetricKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = series_.find(key);
  return found == series_.end() ? "" : found->second.unit;
}

}  // namespace emulator
