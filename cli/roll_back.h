#pragma once
// Taking a service back to the last revision that was proven, for the verb and for the build box.

#include "base/result.h"
#include "cli/deploy_flags.h"
#include "ecs/followed.h"

namespace cli {

/// Follows it to its end. `news` may be told in any thread.
base::Result<ecs::FollowedEnd> roll_back(RollbackFlags flags, const ecs::FollowNews& news);

/// A rollback of a deployment that goes on is a good end; so is the deployment of an earlier revision.
int exit_code_of_rollback(const ecs::FollowedEnd& end);

}  // namespace cli
