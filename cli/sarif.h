#pragma once
// SARIF 2.1.0 (OASIS), what code scanning reads: the rules and what they found.

#include <string>

#include "cli/check_report.h"

namespace cli {

/// One run; files are relative to the root of the repository.
std::string sarif_report(const CheckReport& report);

}  // namespace cli
