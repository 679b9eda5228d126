#include "emulator/metric_store.h"

#include <gmock/gmock.h>

namespace emulator {
namespace {

MetricBucket samples(std::initializer_list<double> values) {
  MetricBucket bucket;
  for (const double value : values) bucket.add(value, 1);
  return bucket;
}

TEST(MetricStoreTest, GivesTheStatisticsOfEachPeriod) {
  MetricStore store;
  const MetricKey key{"Web", "Latency", {{"Stage", "test"}}};
  store.put(key, 61, samples({1, 2, 3}), "Seconds");
  store.put(key, 119, samples({10}), "");
  store.put(key, 120, samples({4}), "");
  const auto points = store.points(key, 60, 180, 60);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].start, 60);
  EXPECT_EQ(statistic_of(points[0].bucket, "Sum"), 16);
  EXPECT_EQ(statistic_of(points[0].bucket, "Average"), 4);
  EXPECT_EQ(statistic_of(points[0].bucket, "Minimum"), 1);
  EXPECT_EQ(statistic_of(points[0].bucket, "Maximum"), 10);
  EXPECT_EQ(statistic_of(points[0].bucket, "SampleCount"), 4);
  EXPECT_EQ(statistic_of(points[0].bucket, "p50"), 2);
  EXPECT_EQ(statistic_of(points[0].bucket, "p99.9"), 10);
  EXPECT_EQ(points[1].start, 120);
  EXPECT_EQ(store.unit_of(key), "Seconds");
  EXPECT_TRUE(store.points({"Web", "Latency", {}}, 60, 180, 60).empty())
      << "dimensions have to match exactly";
}

TEST(MetricStoreTest, KnowsWhatIsAStatistic) {
  for (const char* name : {"Average", "p0", "p99", "p99.99"}) EXPECT_TRUE(is_statistic(name)) << name;
  for (const char* name : {"", "p", "p101", "p1e1", "pnan", "tm99", "average"})
    EXPECT_FALSE(is_statistic(name)) << name;
}

TEST(MetricStoreTest, ForgetsTheSeriesThatWasWrittenLongestAgo) {
  MetricStore store;
  for (int i = 0; i < 100'000; ++i) store.put({"Many", std::to_string(i), {}}, 1000 + i, samples({1}), "");
  EXPECT_EQ(store.keys().size(), MetricStore::kMostSeries);
  EXPECT_TRUE(store.points({"Many", "0", {}}, 0, 1e6, 60).empty());
  EXPECT_FALSE(store.points({"Many", "99999", {}}, 0, 1e6, 60).empty());
}

TEST(MetricStoreTest, KeepsThreeHoursOfASeries) {
  MetricStore store;
  const MetricKey key{"Old", "One", {}};
  store.put(key, 0, samples({1}), "");
  store.put(key, 4 * 3600, samples({1}), "");
  EXPECT_EQ(store.points(key, 0, 5 * 3600, 60).size(), 1U);
}

TEST(MetricStoreTest, ThinsOutManyValuesAndKeepsTheirDistribution) {
  MetricBucket bucket;
  for (int i = 1; i <= 10'000; ++i) bucket.add(i, 1);
  EXPECT_LT(bucket.values.size(), 100U);
  EXPECT_EQ(bucket.count, 10'000);
  EXPECT_NEAR(*statistic_of(bucket, "p50"), 5000, 600);
}

}  // namespace
}  // namespace emulator
