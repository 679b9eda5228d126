#pragma once
// CloudWatch's API over metrics and alarms, in all three of its protocols.

#include "base/clock.h"
#include "emulator/alarms.h"
#include "emulator/metric_store.h"
#include "emulator/service.h"

namespace emulator {

struct CloudWatchSurroundings {
  MetricStore& metrics;
  Alarms& alarms;
  base::Clock& clock;
};

/// One table for each protocol. The references must outlive them.
std::vector<ServiceTable> make_cloudwatch_services(const CloudWatchSurroundings& all);

/// The parts, one file each.
void add_alarm_operations(ServiceTable& table, const CloudWatchSurroundings& all);
void add_metric_operations(ServiceTable& table, const CloudWatchSurroundings& all);

/// PutMetricAlarm or PutCompositeAlarm (whichever an AlarmRule makes it), as a seed declares it too.
base::Result<void> put_alarm(const CloudWatchSurroundings& all, base::Json input);

/// Numbers, booleans and times that came as text become what they are; the Error names the member that is
/// none.
base::Result<void> read_scalars(base::Json& input);

bool is_metric_unit(const std::string& unit);

/// A page of a list: MaxRecords or MaxResults, NextToken.
struct CloudWatchPage {
  std::size_t first = 0;
  std::size_t last = 0;
  std::string next;  ///< empty at the end
};
CloudWatchPage page_of(const base::Json& input, const char* size_member, std::size_t count,
                       std::size_t usual);

}  // namespace emulator
