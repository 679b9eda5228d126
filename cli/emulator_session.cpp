#include "cli/emulator_session.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/emulator_seed.h"

namespace cli {

namespace {
// The issuer that roles on AWS trust for GitHub's tokens; the emulator is told where this run's keys are
// instead.
constexpr const char* kGitHubIssuer = "https://token.actions.githubusercontent.com";
}  // namespace

base::Result<std::unique_ptr<EmulatorSession>> EmulatorSession::attach_or_start(const CommonFlags& common,
                                                                                const std::string& seed,
                                                                                base::HttpClient& http) {
  const auto folder = emulator_folder(common.state_folder);
  if (auto control = find_emulator(folder, http)) {
    return std::unique_ptr<EmulatorSession>(
        new EmulatorSession(folder, {std::move(*control), base::Fd()}, http));
  }
  const auto chosen = choose_seed(seed, folder);
  TRY(auto started,
      start_emulator(common.state_folder, {.seed = chosen, .lifetime = Lifetime::with_this_process}, http));
  return std::unique_ptr<EmulatorSession>(new EmulatorSession(folder, std::move(started), http));
}

EmulatorSession::~EmulatorSession() {
  if (!started_.leash) return;
  if (auto stopped = stop_emulator(folder_, started_.control, http_); !stopped)
    base::log(base::LogLevel::warning, stopped.error().to_string());
}

void EmulatorSession::apply_to(runner::RunOptions& options) const {
  options.environment.emplace("AWS_ENDPOINT_URL", endpoint());
  options.environment.emplace("AWS_EC2_METADATA_DISABLED", "true");
  options.registry_endpoints["*.dkr.ecr.*.amazonaws.com"] = endpoint();
  options.oidc_issuer = kGitHubIssuer;
  options.on_issuer = [control = started_.control, &http = http_](
                          const std::string& issuer, const std::string& keys_url) -> base::Result<void> {
    const base::Json body = {{"issuer", issuer}, {"keys_url", keys_url}};
    TRY(ask_emulator(control, http, "POST", "oidc", base::to_text(body)));
    return {};
  };
}

std::string EmulatorSession::load_balancer_url() const {
  const auto status = ask_emulator(started_.control, http_, "GET", "status");
  if (!status) return "";
  for (const auto& balancer : base::json_member(*status, "load_balancers")) {
    for (const auto& listener : base::json_member(balancer, "listeners")) {
      if (auto url = base::json_string(listener, "url"); !url.empty()) return url;
    }
  }
  return "";
}

}  // namespace cli
