#pragma once
// A Setting as text on its way to the zygote.

#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/enter.h"

namespace sandbox {

std::string to_text(const Setting& setting);
base::Result<Setting> parse_setting(std::string_view text);

}  // namespace sandbox
