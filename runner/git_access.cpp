#include "runner/git_access.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <random>
#include <vector>

#include "base/process.h"
#include "base/strings.h"

namespace runner {

namespace {

constexpr int kAttempts = 3;
// GitHub takes any user name beside a token.
constexpr const char* kTokenUser = "x-access-token";

bool is_refusal(const base::Error& error) {
  return error.kind == base::ErrorKind::denied || error.kind == base::ErrorKind::not_found;
}

std::chrono::milliseconds random_pause(const ActionStoreOptions& options) {
  std::random_device seed;
  std::uniform_int_distribution<std::int64_t> between(options.shortest_pause.count(),
                                                      options.longest_pause.count());
  return std::chrono::milliseconds(between(seed));
}

// False when the job was stopped meanwhile.
bool pause(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

base::Result<void> ask_patiently(const ActionStoreOptions& options, const base::GitServer& server,
                                 const steps::ActionFetch& fetch,
                                 const std::function<base::Result<void>(const base::GitServer&)>& ask) {
  for (int attempt = 1;; ++attempt) {
    auto asked = ask(server);
    if (asked || asked.error().kind != base::ErrorKind::unavailable || attempt == kAttempts) return asked;
    const auto time = random_pause(options);
    if (fetch.say) {
      fetch.say(fmt::format("Failed to reach the action server. Error: {}", asked.error().message));
      fetch.say(fmt::format("Retrying in {:.3g} seconds", std::chrono::duration<double>(time).count()));
    }
    if (!pause(time, fetch.stop)) return base::make_error(base::ErrorKind::cancelled, "cancelled");
  }
}

}  // namespace

base::Result<void> ask_git_server(const ActionStoreOptions& options, const std::string& repository,
                                  const steps::ActionFetch& fetch,
                                  const std::function<base::Result<void>(const base::GitServer&)>& ask) {
  base::GitServer server{.url = fmt::format("{}/{}", options.server, repository)};
  server.http = options.http;
  server.stop = fetch.stop;
  if (!options.token.empty()) {
    auto as_token = server;
    as_token.user = kTokenUser;
    as_token.password = options.token;
    auto asked = ask_patiently(options, as_token, fetch, ask);
    if (asked || !is_refusal(asked.error())) return asked;
  }
  // A token of one server, or of one owner, is refused elsewhere, where nobody needs one (act#1343).
  auto asked = ask_patiently(options, server, fetch, ask);
  if (asked || !is_refusal(asked.error()) || !options.find_login) return asked;
  const auto login = options.find_login(options.server);
  if (!login) return asked;
  server.user = login->user;
  server.password = login->password;
  return ask_patiently(options, server, fetch, ask);
}

std::optional<GitLogin> find_git_login(const std::string& server) {
  const auto git = base::find_program("git");
  const auto scheme = server.find("://");
  if (!git || !server.starts_with("http") || scheme == std::string::npos) return std::nullopt;
  const auto host = server.substr(scheme + 3, server.find('/', scheme + 3) - scheme - 3);
  std::vector<std::string> environment;
  for (char** variable = ::environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  // Nobody is asked: not at the terminal, not in a window.
  for (const char* quiet : {"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GCM_INTERACTIVE=never"})
    environment.emplace_back(quiet);
  const auto filled =
      base::run_process({.argv = {git->string(), "credential", "fill"},
                         .environment = std::move(environment),
                         .input = fmt::format("protocol={}\nhost={}\n\n", server.substr(0, scheme), host),
                         .timeout = std::chrono::seconds(20)});
  if (!filled || filled->exit_code != 0) return std::nullopt;
  GitLogin login;
  for (const auto line : base::lines_of(filled->output)) {
    if (line.starts_with("username=")) login.user = line.substr(9);
    if (line.starts_with("password=")) login.password = line.substr(9);
  }
  if (login.password.empty()) return std::nullopt;
  return login;
}

}  // namespace runner
