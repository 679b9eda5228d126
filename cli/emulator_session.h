#pragma once
// A run's emulator: the one that is up, or one that lives as long as the run.

#include <memory>
#include <string>

#include "base/http_client.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "cli/emulator_process.h"
#include "runner/run_options.h"

namespace cli {

class EmulatorSession {
 public:
  static base::Result<std::unique_ptr<EmulatorSession>> attach_or_start(const CommonFlags& common,
                                                                        const std::string& seed,
                                                                        base::HttpClient& http);
  /// Ends an emulator that was started for this session.
  ~EmulatorSession();

  /// Points the steps' AWS clients, the registries and the OIDC issuer at the emulator.
  void apply_to(runner::RunOptions& options) const;
  [[nodiscard]] const std::string& endpoint() const { return started_.control.endpoint; }
  /// Of the first load balancer; empty when there is none.
  [[nodiscard]] std::string load_balancer_url() const;

 private:
  EmulatorSession(base::Path folder, StartedEmulator started, base::HttpClient& http)
      : folder_(std::move(folder)), started_(std::move(started)), http_(http) {}
  base::Path folder_;
  StartedEmulator started_;
  base::HttpClient& http_;
};

}  // namespace cli
