#pragma once
// The names of time zones, so that a wrong one is found without the machine's database. Not for what a zone's
// clock shows (cron).

#include <string>
#include <string_view>
#include <vector>

namespace workflow::lint {

/// All names of the IANA time zone database, links such as "UTC" included.
std::vector<std::string> time_zone_names();

/// Whether it is one of them, as written there.
bool is_time_zone_name(std::string_view name);

}  // namespace workflow::lint
