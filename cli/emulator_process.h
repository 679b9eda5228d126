#pragma once
// The emulator as a process of its own: started, found, asked and stopped by those who can read its state
// folder.

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/files.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace cli {

/// Of all verbs; below the state folder.
base::Path emulator_folder(const std::string& state_folder);

/// How a running emulator is reached.
struct EmulatorControl {
  std::string endpoint;  ///< http://127.0.0.1:PORT
  std::string token;     ///< secret; of its owner
  int pid = 0;
};

base::Result<void> write_control(const base::Path& folder, const EmulatorControl& control);
void remove_control(const base::Path& folder);

/// The emulator of that folder, when it is running and answers.
std::optional<EmulatorControl> find_emulator(const base::Path& folder, base::HttpClient& http);

/// A request under /_emulator/; anything but a 2xx answer is an Error.
base::Result<base::Json> ask_emulator(const EmulatorControl& control, base::HttpClient& http,
                                      const std::string& method, const std::string& path,
                                      const std::string& body = "");

enum class Lifetime {
  until_stopped,     ///< goes on after this program
  with_this_process  ///< ends when `leash` is closed, also by this program's death
};

struct StartedEmulator {
  EmulatorControl control;
  base::Fd leash;
};

struct EmulatorStart {
  std::string seed;        ///< empty: none
  std::uint16_t port = 0;  ///< 0: the one used before, or a free one
  double time_scale = 0;   ///< 0: as the seed says
  Lifetime lifetime = Lifetime::until_stopped;
};

/// Starts one and waits until it listens. Its own log is emulator.log in its folder.
base::Result<StartedEmulator> start_emulator(const std::string& state_folder, const EmulatorStart& start,
                                             base::HttpClient& http);

/// Asks it to stop and waits for its end: no task of it runs afterwards.
base::Result<void> stop_emulator(const base::Path& folder, const EmulatorControl& control,
                                 base::HttpClient& http);

}  // namespace cli
