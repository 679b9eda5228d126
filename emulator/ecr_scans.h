#pragma once
// Image scans, as ECR tells of them: what they find is declared (a seed's `scan_findings`, or the emulator's
// owner), how their states follow each other is ECR's. Nothing is scanned here.

#include <optional>
#include <string>

#include "base/json.h"
#include "emulator/repositories.h"
#include "emulator/service.h"

namespace emulator {

/// What is wrong with declared findings ([{name, severity, package, version, fixed_in, description, uri}]),
/// or
/// "".
std::string findings_fault(const base::Json& findings);
/// The findings that are declared for an image: of its digest, else of the first pattern that one of its tags
/// or its digest fits.
base::Json declared_findings(const Repository& repository, const std::string& digest);
/// IN_PROGRESS and COMPLETE, or PENDING and ACTIVE: enhanced scans never complete.
const char* scan_status(ScanType type, double started_at, double now);
/// imageScanFindings of DescribeImageScanFindings.
base::Json scan_findings(ScanType type, const base::Json& findings, double completed_at);

/// StartImageScan, DescribeImageScanFindings and the registry's scan type. The references must outlive the
/// table.
void add_scan_operations(ServiceTable& table, Repositories& repositories, base::Clock& clock);

}  // namespace emulator
