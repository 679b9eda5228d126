#pragma once
// Sends requests while a deployment of a run goes on, and publishes what came back.

#include <optional>
#include <string>
#include <utility>

#include "base/http_client.h"
#include "base/json.h"
#include "base/prober.h"
#include "runner/run_event.h"

namespace cli {

class RolloutProbe {
 public:
  RolloutProbe(std::string url, base::HttpClient& http, runner::EventStream& events)
      : url_(std::move(url)), http_(http), events_(events) {}

  /// A reader of the event stream. It may not publish from here, so the record waits for publish().
  void operator()(const runner::RunEvent& event) {
    if (url_.empty()) return;
    if (event.type == "deployment" && !prober_) prober_.emplace(base::ProbeOptions{.url = url_}, http_);
    if (event.type == "deployment_finished" && prober_) {
      record_ = prober_->stop();
      prober_.reset();
    }
  }
  void publish() {
    if (prober_) record_ = prober_->stop();
    if (record_) events_.publish("probe", "", "", base::to_json(*record_));
  }

 private:
  std::string url_;
  base::HttpClient& http_;
  runner::EventStream& events_;
  std::optional<base::Prober> prober_;
  std::optional<base::ProbeRecord> record_;
};

}  // namespace cli
