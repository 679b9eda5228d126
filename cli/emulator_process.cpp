#include "cli/emulator_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/detached_process.h"
#include "base/json.h"
#include "base/strings.h"

namespace cli {

namespace {

constexpr std::chrono::seconds kAnswerTime{5};
constexpr std::chrono::seconds kStopTime{60};
constexpr std::chrono::milliseconds kPollTime{20};

base::Path control_file(const base::Path& folder) {
  return folder / "control.json";
}
base::Path log_file(const base::Path& folder) {
  return folder / "emulator.log";
}

/// The one line that the emulator prints when it listens; what it printed on stderr when it ended instead.
base::Result<std::string> read_first_line(int fd, const base::Path& log, std::uintmax_t log_start) {
  std::string line;
  char c = 0;
  while (true) {
    const ssize_t count = ::read(fd, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (c == '\n') return line;
    line += c;
  }
  const auto text = base::read_file(log).value_or("");
  std::string_view said =
      base::trim(text.size() > log_start ? std::string_view(text).substr(log_start) : text);
  constexpr std::string_view kOwnName = "pipeline: ";
  if (said.starts_with(kOwnName)) said.remove_prefix(kOwnName.size());
  return base::make_error(base::ErrorKind::invalid_input,
                          said.empty()
                              ? fmt::format("the emulator ended at once; its log is {}", log.string())
                              : std::string(said));
}

}  // namespace

base::Path emulator_folder(const std::string& state_folder) {
  return base::Path(state_folder) / "emulator";
}

base::Result<void> write_control(const base::Path& folder, const EmulatorControl& control) {
  const base::Json json = {{"endpoint", control.endpoint}, {"token", control.token}, {"pid", control.pid}};
  return base::write_file(control_file(folder), base::to_text(json) + "\n", 0600);
}

void remove_control(const base::Path& folder) {
  ::unlink(control_file(folder).c_str());
}

std::optional<EmulatorControl> find_emulator(const base::Path& folder, base::HttpClient& http) {
  const auto text = base::read_file(control_file(folder));
  const auto json = text ? base::parse_json(*text) : base::Result<base::Json>(text.error());
  if (!json) return std::nullopt;
  EmulatorControl control{base::json_string(*json, "endpoint"), base::json_string(*json, "token"),
                          static_cast<int>(base::json_integer(*json, "pid"))};
  if (!ask_emulator(control, http, "GET", "status")) return std::nullopt;
  return control;
}

base::Result<base::Json> ask_emulator(const EmulatorControl& control, base::HttpClient& http,
                                      const std::string& method, const std::string& path,
                                      const std::string& body) {
  base::HttpRequest request{.method = method, .url = control.endpoint + "/_emulator/" + path, .body = body};
  request.headers.emplace("Authorization", "Bearer " + control.token);
  request.timeout = kAnswerTime;
  TRY(const auto response, http.send(request));
  if (response.status / 100 != 2) {
    return base::make_error(base::ErrorKind::remote,
                            fmt::format("the emulator at {} answered {} to {}: {}", control.endpoint,
                                        response.status, path, response.body));
  }
  return base::parse_json(response.body);
}

base::Result<StartedEmulator> start_emulator(const std::string& state_folder, const EmulatorStart& start,
                                             base::HttpClient& http) {
  const bool on_leash = start.lifetime == Lifetime::with_this_process;
  const auto folder = emulator_folder(state_folder);
  TRY(base::make_directories(folder, 0700));
  TRY(auto output, base::make_pipe());
  TRY(auto input, base::make_pipe());
  std::vector<std::string> argv = {"pipeline", "--state-dir", state_folder, "emulator", "serve"};
  if (!start.seed.empty()) argv.insert(argv.end(), {"--seed", start.seed});
  if (start.port != 0) argv.insert(argv.end(), {"--port", std::to_string(start.port)});
  if (start.time_scale != 0) argv.insert(argv.end(), {"--time-scale", fmt::to_string(start.time_scale)});
  if (on_leash) argv.emplace_back("--until-input-ends");
  std::error_code no_log;
  const auto log_size = std::filesystem::file_size(log_file(folder), no_log);
  TRY(base::start_detached({.argv = argv,
                            .input = on_leash ? input.read.get() : -1,
                            .output = output.write.get(),
                            .log = log_file(folder)}));
  output.write.reset();
  input.read.reset();
  TRY(const auto ready, read_first_line(output.read.get(), log_file(folder), no_log ? 0 : log_size));
  auto control = find_emulator(folder, http);
  if (!control)
    return base::make_error(base::ErrorKind::internal,
                            fmt::format("the emulator at {} does not answer", ready));
  return StartedEmulator{std::move(*control), std::move(input.write)};
}

base::Result<void> stop_emulator(const base::Path& folder, const EmulatorControl& control,
                                 base::HttpClient& http) {
  TRY(ask_emulator(control, http, "POST", "shutdown"));
  // It holds the lock to its very end.
  const auto deadline = std::chrono::steady_clock::now() + kStopTime;
  while (std::chrono::steady_clock::now() < deadline) {
    TRY(const auto lock, base::FileLock::try_acquire(folder / "lock"));
    if (lock) return {};
    std::this_thread::sleep_for(kPollTime);
  }
  return base::make_error(
      base::ErrorKind::internal,
      fmt::format("the emulator (process {}) did not stop within {} s", control.pid, kStopTime.count()));
}

}  // namespace cli
