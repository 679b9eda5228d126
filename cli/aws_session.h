#pragma once
// AWS as the person at the terminal reaches it: environment, ~/.aws, processes and all.

#include <string>

#include "aws/client.h"
#include "ecs/ecs_client.h"

namespace cli {

/// `region` goes before what the environment and the profile say; empty: as they say.
base::Result<aws::Client> make_aws_client(base::HttpClient& http, const std::string& region);

/// As ECS has it. An Error says where was looked, and how to see what is there.
base::Result<ecs::Service> require_service(aws::Client& client, const std::string& cluster,
                                           const std::string& service);

}  // namespace cli
