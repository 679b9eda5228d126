#include "emulator/service_metrics.h"

#include <gtest/gtest.h>

namespace emulator {
namespace {

constexpr double kNoon = 1'767'268'800;

TaskUsage usage(const std::string& id, double cpu_seconds, std::uint64_t mebibytes) {
  return {.task_id = id,
          .cluster_arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/production",
          .service_name = "items",
          .cpu_units = 512,
          .memory_bytes = 1024U << 20,
          .total = {cpu_seconds, mebibytes << 20, 1}};
}

std::optional<MetricPoint> only_point(const MetricStore& store, const char* metric, double period) {
  const auto points =
      store.points({"AWS/ECS", metric, {{"ClusterName", "production"}, {"ServiceName", "items"}}},
                   kNoon - 3600, kNoon + 3600, period);
  return points.size() == 1 ? std::optional(points[0]) : std::nullopt;
}

TEST(ServiceMetricsTest, TellsOncePerMinuteWhatShareOfItsReservationEachTaskUses) {
  MetricStore store;
  ServiceMetrics metrics(store, 1);
  ASSERT_TRUE(metrics.is_due(kNoon));
  metrics.measure({usage("a", 10, 100), usage("b", 10, 100)}, kNoon);
  EXPECT_FALSE(metrics.is_due(kNoon + 59));
  ASSERT_TRUE(metrics.is_due(kNoon + 60));
  metrics.measure({usage("a", 25, 256), usage("b", 16, 768), usage("new", 5, 5)}, kNoon + 60);
  const auto cpu = only_point(store, "CPUUtilization", 60);
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->start, kNoon) << "the minute that is over";
  EXPECT_EQ(cpu->bucket.count, 2) << "one for each task that was there all the time";
  EXPECT_DOUBLE_EQ(cpu->bucket.most, 50) << "a quarter of a core, of half a core";
  EXPECT_DOUBLE_EQ(cpu->bucket.least, 20);
  const auto memory = only_point(store, "MemoryUtilization", 60);
  ASSERT_TRUE(memory);
  EXPECT_DOUBLE_EQ(memory->bucket.sum / memory->bucket.count, 50);
}

TEST(ServiceMetricsTest, CountsTheTasksOfAService) {
  MetricStore store;
  ServiceMetrics metrics(store, 1);
  metrics.measure({usage("a", 10, 100), usage("new", 0, 100)}, kNoon);
  const auto points = store.points({"ECS/ContainerInsights",
                                    "RunningTaskCount",
                                    {{"ClusterName", "production"}, {"ServiceName", "items"}}},
                                   kNoon - 3600, kNoon + 3600, 60);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_DOUBLE_EQ(points[0].bucket.least, 2);
}

TEST(ServiceMetricsTest, LeavesTasksOfNoServiceOut) {
  MetricStore store;
  ServiceMetrics metrics(store, 1);
  auto alone = usage("a", 10, 100);
  alone.service_name.clear();
  metrics.measure({alone}, kNoon);
  metrics.measure({alone}, kNoon + 60);
  EXPECT_TRUE(store.keys().empty());
}

TEST(ServiceMetricsTest, CountsMinutesInTheTimeOfTheAccount) {
  MetricStore store;
  ServiceMetrics metrics(store, 60);
  metrics.measure({usage("a", 10, 100)}, kNoon);
  ASSERT_TRUE(metrics.is_due(kNoon + 1));
  metrics.measure({usage("a", 10.25, 100)}, kNoon + 1);
  const auto cpu = only_point(store, "CPUUtilization", 1);
  ASSERT_TRUE(cpu);
  EXPECT_DOUBLE_EQ(cpu->bucket.sum, 50) << "of a real second";
}

}  // namespace
}  // namespace emulator
