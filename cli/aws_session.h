#pragma once
// AWS as the person at the terminal reaches it: environment, ~/.aws, processes and all.

#include <string>

#include "aws/client.h"

namespace cli {

/// `region` goes before what the environment and the profile say; empty: as they say.
base::Result<aws::Client> make_aws_client(base::HttpClient& http, const std::string& region);

}  // namespace cli
