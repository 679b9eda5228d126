#pragma once
// How long an AWS that does not answer is waited for: what was begun goes on there meanwhile, so that a
// network that comes back, or a throttle that ends, is no reason to lose sight of it. Single calls are
// retried by aws/client.

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace ecs {

class Silence {
 public:
  /// `tell` gets a line when it begins; may be empty.
  Silence(base::Clock& clock, std::function<void(const std::string& line)> tell)
      : clock_(clock), tell_(std::move(tell)) {}

  /// Whether to ask again after this error: it is one that passes, and AWS answered two minutes ago.
  bool passes(const base::Error& error);
  /// AWS answered.
  void end() { since_.reset(); }

 private:
  base::Clock& clock_;
  std::function<void(const std::string& line)> tell_;
  std::optional<base::SteadyTime> since_;
};

}  // namespace ecs
