#pragma once
// Sends requests while a deployment of a run goes on, and publishes what came back: each two seconds what it
// was until then, and all of it at the end.

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/http_client.h"
#include "base/prober.h"
#include "runner/run_event.h"

namespace cli {

class RolloutProbe {
 public:
  /// Without a URL it does nothing.
  RolloutProbe(std::string url, base::HttpClient& http, runner::EventStream& events);

  /// A reader of the event stream, which may not publish from here.
  void operator()(const runner::RunEvent& event);
  /// The whole record, when there was a deployment. Call it when no event comes any more.
  void publish();

 private:
  void tell_meanwhile(const std::stop_token& stop);

  std::string url_;
  base::HttpClient& http_;
  runner::EventStream& events_;
  std::mutex mutex_;  ///< of both below; never held while something is published
  std::optional<base::Prober> prober_;
  std::optional<base::ProbeRecord> record_;
  std::jthread teller_;
};

}  // namespace cli
