#pragma once
// A software bill of materials: the packages of an image as an SPDX 2.3 document in JSON.

#include <string>

#include "base/json_fwd.h"
#include "ecr/found_packages.h"

namespace ecr {

/// `name` is the image's; `created` RFC 3339. The same packages and time make the same document.
base::Json to_spdx(const FoundPackages& found, const std::string& name, const std::string& created);

}  // namespace ecr
