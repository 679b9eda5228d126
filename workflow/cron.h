#pragma once
// Whether the five fields of a POSIX cron expression say something. Not for when it fires.

#include <string>
#include <string_view>

namespace workflow {

/// What is wrong with it, or "".
std::string problem_of_cron(std::string_view expression);

}  // namespace workflow
