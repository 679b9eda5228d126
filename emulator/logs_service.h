#pragma once
// CloudWatch Logs' API over the log store.

#include "emulator/log_store.h"
#include "emulator/service.h"

namespace emulator {

/// The store must outlive the table.
ServiceTable make_logs_service(LogStore& store, const std::string& account, const std::string& region);

}  // namespace emulator
