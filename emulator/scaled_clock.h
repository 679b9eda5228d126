#pragma once
// The account's time: it passes N times as fast as this machine's, so that a deployment of an hour can be
// rehearsed in a minute. Wall time stays the machine's: signatures, tokens and log times have to agree with
// the clients'. A wait that outlives a restart is kept as a wall time and multiplied by scale().

#include "base/clock.h"

namespace emulator {

class ScaledClock final : public base::Clock {
 public:
  /// `real` must outlive it; `scale` is at least 1.
  ScaledClock(base::Clock& real, double scale) : real_(real), scale_(scale), origin_(real.steady_now()) {}

  base::WallTime now() override { return real_.now(); }
  base::SteadyTime steady_now() override {
    return origin_ +
           std::chrono::duration_cast<base::SteadyTime::duration>((real_.steady_now() - origin_) * scale_);
  }
  bool sleep_for(std::chrono::milliseconds time, std::stop_token stop) override {
    return real_.sleep_for(std::chrono::ceil<std::chrono::milliseconds>(time / scale_), std::move(stop));
  }
  [[nodiscard]] double scale() const { return scale_; }

 private:
  base::Clock& real_;
  double scale_;
  base::SteadyTime origin_;
};

}  // namespace emulator
