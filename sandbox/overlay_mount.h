#pragma once
// Mounting an overlay where nobody sees it; overlay.h is what it is for.

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/overlay.h"
#include "sandbox/protocol.h"

namespace sandbox {

enum class Mounter { root, user };

/// In a mount namespace that nobody else has; the descriptor is the only way in.
base::Result<base::Fd> mount_overlay(const OverlayFolders& folders, Mounter mounter);

/// What the process does that is started for a request: mounts in a user namespace of its own and sends the
/// descriptor. Returns the exit code.
int answer_overlay_request(const protocol::Message& request);

}  // namespace sandbox
