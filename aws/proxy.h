#pragma once
// Which proxy the variables of an environment name for a URL. Pure. Not for those of the machine itself,
// which the HTTP client looks at.

#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"

namespace aws {

/// HTTPS_PROXY or HTTP_PROXY by the URL's scheme, lower case first; "" when NO_PROXY exempts the host;
/// nothing when neither is set.
std::optional<std::string> proxy_for(std::string_view url, const Environment& environment);

}  // namespace aws
