#pragma once
// The embedded AWS: one port, one state folder. Requests go to the service that they name, once their
// signature holds; `/v2/` is the registry, `/_emulator/` the way for its owner to ask and to stop it.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/result.h"

namespace emulator {

struct EmulatorOptions {
  base::Path state_folder;           ///< made when missing; held by one emulator at a time
  const base::Json* seed = nullptr;  ///< what a user's Terraform would have made: docs/emulator.md
  std::uint16_t port = 0;            ///< 0 takes one that the system gives
  base::Clock* clock = nullptr;
  base::HttpClient* http = nullptr;  ///< to read the keys of OIDC issuers, to call hooks
  /// For AppSpecs in YAML; empty: they have to be JSON.
  std::function<base::Result<base::Json>(const std::string& text)> read_yaml;
  double time_scale = 0;  ///< the account's seconds in one of this machine; 0: as the seed says
};

class Emulator {
 public:
  /// Listens on 127.0.0.1, brings up what the state folder and the seed say. The owner's token is made new.
  static base::Result<std::unique_ptr<Emulator>> start(const EmulatorOptions& options);
  /// Stops tasks and listeners; the state stays.
  ~Emulator();

  [[nodiscard]] std::string endpoint() const;  ///< http://127.0.0.1:PORT
  [[nodiscard]] std::uint16_t port() const;
  /// Every request under /_emulator/ has to bring it as `Authorization: Bearer TOKEN`.
  [[nodiscard]] const std::string& owner_token() const;
  /// Whether its owner asked it to end.
  [[nodiscard]] bool shutdown_requested() const;
  [[nodiscard]] base::Json status() const;

 private:
  struct State;
  explicit Emulator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace emulator
