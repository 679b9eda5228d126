// `pipeline runner`: registered once with a Gitea or Forgejo, then it fetches jobs and runs them.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/ask_hidden.h"
#include "cli/commands.h"
#include "cli/forge_task.h"
#include "cli/interrupts.h"
#include "cli/job_settings.h"
#include "cli/version.h"
#include "server/runner_registration.h"
#include "server/task_poller.h"

namespace cli {

namespace {

constexpr std::size_t kLargestToken = 1U << 16;
constexpr std::array<const char*, 2> kTokenVariables{"PIPELINE_RUNNER_TOKEN",
                                                     "GITEA_RUNNER_REGISTRATION_TOKEN"};

void tell(const std::string& line) {
  fmt::print("{} {}\n", base::format_iso8601(base::system_clock().now()), line);
  std::fflush(stdout);
}

base::Result<std::string> registration_token(const RunnerFlags& flags) {
  if (!flags.token.empty()) return flags.token;
  if (flags.token_file == "-")
    return std::string(base::trim(std::string(std::istreambuf_iterator<char>(std::cin), {})));
  if (!flags.token_file.empty()) {
    TRY(const auto text, base::read_file(flags.token_file, kLargestToken));
    return std::string(base::trim(text));
  }
  for (const char* name : kTokenVariables) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != 0) return std::string(value);
  }
  if (can_ask()) return ask_hidden("registration token");
  return base::invalid_input(
      fmt::format("expected the forge's registration token: --token-file FILE, or {} in the environment",
                  kTokenVariables[0]));
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "pipeline";
}

base::Result<std::string> checked_instance(std::string instance) {
  while (instance.ends_with('/')) instance.pop_back();
  const bool is_http = instance.starts_with("https://") || instance.starts_with("http://");
  if (is_http && instance.find('@') == std::string::npos) return instance;
  return base::invalid_input(
      fmt::format("--instance: expected an address like https://git.example.org, found '{}'", instance));
}

base::Result<int> register_runner(const CommonFlags& common, const RunnerFlags& flags) {
  server::RunnerRegistration registration;
  TRY(registration.instance, checked_instance(flags.instance));
  for (const auto& text :
       flags.labels.empty() ? std::vector<std::string>{"ubuntu-latest:host"} : flags.labels) {
    TRY(auto label, server::parse_runner_label(base::trim(text)));
    registration.labels.push_back(std::move(label));
  }
  TRY(const auto token, registration_token(flags));
  if (token.empty()) return base::invalid_input("the registration token is empty");
  const auto http = base::make_curl_http_client();
  server::ForgeClient forge(*http, {registration.instance, kVersion});
  TRY(registration.runner, forge
                               .enroll({.name = flags.name.empty() ? machine_name() : flags.name,
                                        .token = token,
                                        .labels = server::names_of(registration.labels),
                                        .ephemeral = flags.ephemeral})
                               .while_doing("registering this machine as a runner"));
  TRY(server::store_registration(common.state_folder, registration));
  fmt::print("registered as '{}' with {}; `pipeline runner run` fetches its jobs\n", registration.runner.name,
             registration.instance);
  return static_cast<int>(kPassed);
}

/// Asks for the end of the jobs when those that ran at the stop take too long.
std::jthread limit_drain(std::chrono::milliseconds limit, std::stop_source give_up) {
  return std::jthread([limit, give_up = std::move(give_up)](const std::stop_token& ended) mutable {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    const std::stop_callback wake(interrupt_token(), [&] { changed.notify_all(); });
    // Looks again now and then: the notice may come before the wait.
    while (!interrupted() && !ended.stop_requested())
      changed.wait_for(lock, ended, std::chrono::seconds(1), [] { return interrupted(); });
    if (ended.stop_requested()) return;
    tell("no more jobs are fetched; those that run may end");
    changed.wait_for(lock, ended, limit, [] { return false; });
    if (!ended.stop_requested()) give_up.request_stop();
  });
}

base::Result<int> run_runner(const CommonFlags& common, const RunnerFlags& flags) {
  TRY(const auto registration, server::load_registration(common.state_folder));
  TRY(const auto drain, parse_time_limit(flags.drain_timeout, "--drain-timeout"));
  watch_for_interrupts();
  const auto http = base::make_curl_http_client();
  server::ForgeClient forge(*http, {registration.instance, kVersion}, registration.runner);
  std::stop_source give_up;
  const auto limit = limit_drain(drain, give_up);
  tell(fmt::format("runner '{}' of {}", registration.runner.name, registration.instance));
  const ForgeJobs jobs{common, flags.job, registration.instance, registration.labels, give_up.get_token()};
  const bool once = flags.once || registration.runner.ephemeral;
  TRY(server::poll_for_tasks(forge, {.labels = server::names_of(registration.labels),
                                     .capacity = flags.capacity,
                                     .only_one = once,
                                     .stop = interrupt_token(),
                                     .run =
                                         [&](const server::ForgeTask& task) {
                                           tell(fmt::format("task {} begins", task.id));
                                           tell(run_forge_task(task, forge, jobs));
                                         },
                                     .say = tell}));
  if (registration.runner.ephemeral) TRY(base::remove_tree(server::registration_file(common.state_folder)));
  return static_cast<int>(kPassed);
}

}  // namespace

int runner_command(const CommonFlags& common, const RunnerFlags& flags) {
  const auto code = flags.verb == "register" ? register_runner(common, flags) : run_runner(common, flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
