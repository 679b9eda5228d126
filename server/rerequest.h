#pragma once
// The buttons of GitHub's that run checks once more, of one check run or of all of a commit: from their
// delivery to further attempts of our runs. Not for workflows that such an event starts (judge).

#include "server/attempt_queue.h"
#include "server/judge.h"

namespace server {

/// Adds orders for the runs that the delivery wants again, to those of the judgement. One delivery orders
/// each once, however often it comes.
base::Result<void> add_reruns(const Delivery& delivery, AttemptQueue& queue, Judgement& judgement);

}  // namespace server
