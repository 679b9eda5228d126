#include "ecs/silence.h"

#include <fmt/format.h>

#include "aws/retry.h"

namespace ecs {
namespace {

constexpr std::chrono::seconds kLongestSilence{120};

}  // namespace

bool Silence::passes(const base::Error& error) {
  if (error.kind != base::ErrorKind::unavailable && !aws::is_throttling(error.code)) return false;
  const auto now = clock_.steady_now();
  if (!since_) {
    since_ = now;
    if (tell_)
      tell_(fmt::format("AWS is silent ({}): asking again for {} s", error.message, kLongestSilence.count()));
  }
  return now - *since_ < kLongestSilence;
}

}  // namespace ecs
