#include "cli/rollout_probe.h"

#include <utility>

#include "base/clock.h"
#include "base/json.h"

namespace cli {

namespace {

constexpr std::chrono::seconds kBetweenNews{2};

}  // namespace

RolloutProbe::RolloutProbe(std::string url, base::HttpClient& http, runner::EventStream& events)
    : url_(std::move(url)), http_(http), events_(events) {
  if (!url_.empty()) teller_ = std::jthread([this](const std::stop_token& stop) { tell_meanwhile(stop); });
}

void RolloutProbe::operator()(const runner::RunEvent& event) {
  if (url_.empty()) return;
  const std::lock_guard lock(mutex_);
  if (event.type == "deployment" && !prober_) prober_.emplace(base::ProbeOptions{.url = url_}, http_);
  if (event.type == "deployment_finished" && prober_) {
    record_ = prober_->stop();
    prober_.reset();
  }
}

void RolloutProbe::publish() {
  teller_ = {};
  if (prober_) record_ = prober_->stop();
  if (record_) events_.publish("probe", "", "", base::to_json(*record_));
}

void RolloutProbe::tell_meanwhile(const std::stop_token& stop) {
  while (base::system_clock().sleep_for(kBetweenNews, stop)) {
    std::optional<base::ProbeRecord> now;
    {
      const std::lock_guard lock(mutex_);
      if (prober_) now = prober_->so_far();
    }
    if (now && now->sent > 0) events_.publish("probe", "", "", base::to_json(*now));
  }
}

}  // namespace cli
