#pragma once
// What CloudWatch remembers: series of samples, a bucket for each twentieth of a second that has some,
// bounded in number and age. Held in memory alone. What alarms make of it is alarm_rules.h.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace emulator {

struct MetricKey {
  std::string space;  ///< AWS/ApplicationELB
  std::string name;
  std::map<std::string, std::string> dimensions;
  auto operator<=>(const MetricKey&) const = default;
};

/// What was measured in a stretch of time.
struct MetricBucket {
  double count = 0;
  double sum = 0;
  double least = 0;
  double most = 0;
  std::vector<std::pair<double, double>> values;  ///< (value, how often), as many as percentiles need
  void add(double value, double times);
  void add(const MetricBucket& other);
};

/// Average, Sum, Minimum, Maximum, SampleCount, or p50, p99.9 …; nothing for another name or an empty bucket.
std::optional<double> statistic_of(const MetricBucket& bucket, const std::string& statistic);
bool is_statistic(const std::string& statistic);

struct MetricPoint {
  double start = 0;  ///< epoch seconds
  MetricBucket bucket;
};

class MetricStore {
 public:
  static constexpr std::size_t kMostSeries = 20'000;
  static constexpr std::size_t kMostBuckets = 400'000;  ///< of all series
  static constexpr double kShortestPeriod = 0.1;        ///< seconds; shorter ones might see no bucket

  /// Seconds for which samples are remembered. Shorter where time passes faster, and samples come more often.
  explicit MetricStore(double remembered = 3 * 3600.0) : remembered_(remembered) {}
  /// What is older than the newest of its series by more than is remembered is dropped; the series that was
  /// written longest ago goes when there is too much.
  void put(const MetricKey& key, double time, const MetricBucket& bucket, const std::string& unit);
  /// From `start` up to `end`, a point for each period that has data; periods are aligned to the epoch.
  [[nodiscard]] std::vector<MetricPoint> points(const MetricKey& key, double start, double end,
                                                double period) const;
  [[nodiscard]] std::vector<MetricKey> keys() const;
  [[nodiscard]] std::string unit_of(const MetricKey& key) const;

 private:
  struct Series {
    std::string unit;
    std::uint64_t written = 0;                     ///< when, in puts
    std::map<std::int64_t, MetricBucket> buckets;  ///< by twentieths of a second
  };
  void forget_oldest();
  const double remembered_;
  mutable std::mutex mutex_;
  std::uint64_t puts_ = 0;
  std::size_t buckets_ = 0;
  std::map<MetricKey, Series> series_;
  std::map<std::uint64_t, MetricKey> by_age_;
};

}  // namespace emulator
