#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/emulator_process.h"
#include "cli/emulator_seed.h"
#include "cli/interrupts.h"
#include "emulator/emulator.h"

namespace cli {

namespace {

constexpr int kPollMilliseconds = 50;

struct Call {
  const CommonFlags& common;
  const EmulatorFlags& flags;
  base::Path folder;
  std::unique_ptr<base::HttpClient> http = base::make_curl_http_client();
};

base::Error not_running() {
  return base::make_error(base::ErrorKind::not_found,
                          "no emulator is running; start one with `pipeline emulator up`");
}

std::uint16_t remembered_port(const base::Path& folder) {
  const auto text = base::read_file(folder / "port");
  const auto port = text ? base::parse_integer(base::trim(*text)) : std::nullopt;
  return port && *port > 0 && *port < 65536 ? static_cast<std::uint16_t>(*port) : 0;
}

/// The port that was asked for, else the one of last time, so that image names stay good; else any.
base::Result<std::unique_ptr<emulator::Emulator>> start_on_port(const Call& call,
                                                                emulator::EmulatorOptions options) {
  options.port = static_cast<std::uint16_t>(call.flags.port);
  if (options.port != 0) return emulator::Emulator::start(options);
  options.port = remembered_port(call.folder);
  auto started = emulator::Emulator::start(options);
  if (started || options.port == 0 || started.error().kind == base::ErrorKind::invalid_input) return started;
  options.port = 0;
  return emulator::Emulator::start(options);
}

bool input_ended() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN};
  if (::poll(&input, 1, 0) <= 0) return false;
  char byte = 0;
  return ::read(STDIN_FILENO, &byte, 1) == 0;
}

void wait_for_the_end(const emulator::Emulator& emulator, bool until_input_ends) {
  while (!interrupted() && !emulator.shutdown_requested() && !(until_input_ends && input_ended())) {
    ::poll(nullptr, 0, kPollMilliseconds);
  }
}

base::Result<void> serve(const Call& call) {
  watch_for_interrupts();
  const auto seed_file = choose_seed(call.flags.seed, call.folder);
  TRY(const auto seed, load_seed(seed_file));
  emulator::EmulatorOptions options{
      .state_folder = call.folder,
      .seed = &seed,
      .clock = &base::system_clock(),
      .http = call.http.get(),
      .read_yaml = [](const std::string& text) { return parse_yaml("appspec", text); },
      .time_scale = call.flags.time_scale};
  TRY(auto emulator, start_on_port(call, options));
  TRY(remember_seed(seed_file, call.folder));
  TRY(base::write_file(call.folder / "port", std::to_string(emulator->port()) + "\n", 0600));
  TRY(write_control(call.folder, {emulator->endpoint(), emulator->owner_token(), ::getpid()}));
  fmt::print("{}\n", emulator->endpoint());
  std::fflush(stdout);
  wait_for_the_end(*emulator, call.flags.until_input_ends);
  remove_control(call.folder);
  return {};
}

std::string describe_service(const base::Json& service) {
  return fmt::format("{}/{}: {} of {} tasks running, {}", base::json_string(service, "cluster"),
                     base::json_string(service, "name"), base::json_integer(service, "running"),
                     base::json_integer(service, "desired"), base::json_string(service, "task_definition"));
}

void print_status(const base::Json& status) {
  fmt::print("endpoint       {}\naccount        {} in {}\n", base::json_string(status, "endpoint"),
             base::json_string(status, "account"), base::json_string(status, "region"));
  for (const auto& repository : base::json_member(status, "repositories")) {
    fmt::print("repository     {}: {} images\n", base::json_string(repository, "name"),
               base::json_integer(repository, "images"));
  }
  for (const auto& service : base::json_member(status, "services"))
    fmt::print("service        {}\n", describe_service(service));
  for (const auto& group : base::json_member(status, "target_groups")) {
    fmt::print("target group   {}: {} healthy of {} targets\n", base::json_string(group, "name"),
               base::json_integer(group, "healthy"), base::json_member(group, "targets").size());
  }
  for (const auto& balancer : base::json_member(status, "load_balancers")) {
    for (const auto& listener : base::json_member(balancer, "listeners")) {
      fmt::print("load balancer  {}: {}\n", base::json_string(balancer, "name"),
                 base::json_string(listener, "url"));
    }
  }
}

base::Result<void> up(const Call& call) {
  if (const auto running = find_emulator(call.folder, *call.http)) {
    fmt::print("emulator: running at {} already\n", running->endpoint);
    if (!call.flags.seed.empty() && is_changed_seed(call.flags.seed, call.folder))
      return base::invalid_input(
          fmt::format("it was started with another seed than {} is now, and seeds are read at the start: run "
                      "`pipeline emulator down`, then this again; what is there is kept, what is new is made",
                      call.flags.seed));
    return {};
  }
  TRY(const auto started, start_emulator(call.common.state_folder,
                                         {.seed = choose_seed(call.flags.seed, call.folder),
                                          .port = static_cast<std::uint16_t>(call.flags.port),
                                          .time_scale = call.flags.time_scale},
                                         *call.http));
  fmt::print("emulator: running at {} (process {}); stop it with `pipeline emulator down`\n",
             started.control.endpoint, started.control.pid);
  return {};
}

base::Result<bool> stop_if_running(const Call& call) {
  const auto running = find_emulator(call.folder, *call.http);
  if (!running) return false;
  TRY(stop_emulator(call.folder, *running, *call.http));
  return true;
}

base::Result<void> down(const Call& call) {
  TRY(const auto stopped, stop_if_running(call));
  fmt::print("emulator: {}\n", stopped ? "stopped; its state is kept" : "none was running");
  return {};
}

base::Result<void> reset(const Call& call) {
  TRY(stop_if_running(call));
  TRY(base::make_directories(call.folder, 0700));
  TRY(const auto lock, base::FileLock::try_acquire(call.folder / "lock"));
  if (!lock)
    return base::make_error(base::ErrorKind::internal, "an emulator still runs on " + call.folder.string());
  TRY(base::remove_tree(call.folder));
  fmt::print("emulator: its state is gone\n");
  return {};
}

base::Result<void> status(const Call& call) {
  const auto running = find_emulator(call.folder, *call.http);
  if (!running) return not_running();
  if (call.flags.endpoint_only) {
    fmt::print("{}\n", running->endpoint);
    return {};
  }
  if (call.flags.page) {
    // What is behind the # is not sent to anybody: who has this address is the owner.
    fmt::print("{}/#{}\n", running->endpoint, running->token);
    return {};
  }
  TRY(const auto json, ask_emulator(*running, *call.http, "GET", "status"));
  if (call.flags.json) {
    fmt::print("{}\n", base::to_text(json, 2));
  } else {
    print_status(json);
  }
  return {};
}

base::Result<void> audit(const Call& call) {
  const auto running = find_emulator(call.folder, *call.http);
  if (!running) return not_running();
  TRY(const auto json, ask_emulator(*running, *call.http, "GET", "audit"));
  fmt::print("{}", base::json_string(json, "audit"));
  return {};
}

// A number where it is one: `after_seconds=5`, `task_definition=items:*`.
base::Result<base::Json> fault_of(const std::vector<std::string>& words) {
  base::Json fault = {{"kind", words.front()}};
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos)
      return base::invalid_input(fmt::format("emulator fault: expected NAME=VALUE, found '{}'", words[i]));
    const auto value = words[i].substr(equals + 1);
    const auto number = base::parse_json(value);
    fault[words[i].substr(0, equals)] = number && number->is_number() ? *number : base::Json(value);
  }
  return fault;
}

base::Result<void> fault(const Call& call) {
  const auto running = find_emulator(call.folder, *call.http);
  if (!running) return not_running();
  const auto& words = call.flags.fault;
  if (words.empty() || words.front() == "list") {
    TRY(const auto json, ask_emulator(*running, *call.http, "GET", "faults"));
    for (const auto& entry : base::json_member(json, "faults")) fmt::print("{}\n", base::to_text(entry));
    return {};
  }
  if (words.front() == "clear") {
    const auto id = words.size() > 1 ? "?id=" + base::percent_encode(words[1]) : "";
    TRY(ask_emulator(*running, *call.http, "DELETE", "faults" + id));
    return {};
  }
  TRY(const auto declared, fault_of(words));
  TRY(const auto json, ask_emulator(*running, *call.http, "POST", "faults", base::to_text(declared)));
  fmt::print("fault {}\n", base::json_integer(json, "id"));
  return {};
}

base::Result<void> carry_out(const Call& call) {
  const auto& verb = call.flags.verb;
  if (verb == "serve") return serve(call);
  if (verb == "up") return up(call);
  if (verb == "down") return down(call);
  if (verb == "reset") return reset(call);
  if (verb == "audit") return audit(call);
  if (verb == "fault") return fault(call);
  return status(call);
}

}  // namespace

int emulator_command(const CommonFlags& common, const EmulatorFlags& flags) {
  const Call call{common, flags, emulator_folder(common.state_folder)};
  const auto done = carry_out(call);
  if (done) return kPassed;
  return complain(done.error());
}

}  // namespace cli
