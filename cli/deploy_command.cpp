#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <set>

#include "cli/aws_session.h"
#include "cli/commands.h"
#include "cli/deploy_display.h"
#include "cli/deploy_evidence.h"
#include "cli/deploy_proof.h"
#include "cli/deployment_file.h"
#include "cli/interrupts.h"
#include "steps/built_image.h"

namespace cli {

namespace {

using base::Result;
using ecs::HookDecision;

/// What to do when a PAUSE hook waits: as the flag says, or as somebody at the terminal does, whom nothing
/// waits for.
class HookDecider {
 public:
  explicit HookDecider(std::string mode) : mode_(std::move(mode)) {}

  std::optional<HookDecision> operator()(const ecs::LifecycleHook& hook) {
    if (mode_ == "continue") return HookDecision::proceed;
    if (mode_ == "roll-back") return HookDecision::roll_back;
    if (mode_ == "wait" || ::isatty(STDIN_FILENO) == 0) return std::nullopt;
    if (asked_.insert(hook.id).second)
      fmt::print(stderr, "hook {} waits: type 'continue' or 'roll-back' and Enter\n", hook.id);
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&input, 1, 0) <= 0) return std::nullopt;
    std::string answer;
    if (!std::getline(std::cin, answer)) return std::nullopt;
    if (answer == "continue") return HookDecision::proceed;
    if (answer == "roll-back") return HookDecision::roll_back;
    fmt::print(stderr, "expected 'continue' or 'roll-back', found '{}'\n", answer);
    return std::nullopt;
  }

 private:
  std::string mode_;
  std::set<std::string> asked_;
};

/// What the item's task definition will be, without registering it.
Result<base::Json> planned_definition(aws::Client& client, const ecs::ReleaseItem& item) {
  if (!item.definition.is_null()) return item.definition;
  return ecs::describe_task_definition(client, item.task_definition);
}

/// Asks the store of this machine, where there is one.
Result<ecs::FindBuiltImage> built_images(const CommonFlags& common) {
  const auto folder = base::Path(common.state_folder) / "images";
  if (!base::exists(folder)) return ecs::FindBuiltImage();
  TRY(auto store, ecr::ImageStore::open(folder));
  return ecs::FindBuiltImage(
      [store = std::make_shared<ecr::ImageStore>(std::move(store))](const std::string& reference) {
        return steps::built_digest(store.get(), reference);
      });
}

/// The worst verdict of all services; each tree is shown.
Result<ecs::Verdict> look_ahead(aws::Client& client, const ecs::Release& release,
                                const ecs::FindBuiltImage& find_built_image, const DeployDisplay& display) {
  auto worst = ecs::Verdict::ok;
  for (const auto& item : release.items) {
    TRY(auto definition, planned_definition(client, item).while_doing("looking at " + item.name));
    ecs::PreflightRequest request;
    request.definition = std::move(definition);
    request.patience = item.patience;
    request.find_built_image = find_built_image;
    ecs::DeploymentRequest wanted = item.request;
    wanted.cluster = item.cluster;
    wanted.service = item.kind == ecs::ItemKind::task ? item.name : item.service;
    wanted.task_definition_arn = fmt::format("{} (new)", base::json_string(request.definition, "family"));
    if (item.kind == ecs::ItemKind::service) {
      TRY(request.service, require_service(client, item.cluster, item.service));
    }
    request.plan = ecs::make_deployment_plan(request.service, wanted);
    const auto tree = ecs::judge(ecs::gather_facts(client, std::move(request)));
    display.preflight(item.name, tree);
    worst = std::max(worst, tree.verdict);
  }
  return worst;
}

Result<int> deploy(const CommonFlags& common, const DeployFlags& flags) {
  TRY(const auto release, flags.file.empty() ? release_of_flags(flags) : read_deployment_file(flags));
  const auto http = base::make_curl_http_client();
  TRY(auto client, make_aws_client(*http, flags.region));
  const DeployDisplay display(flags.json ? DeployDisplay::Form::json : DeployDisplay::Form::text);
  if (flags.plan || flags.preflight != "off") {
    TRY(const auto find_built_image, built_images(common));
    TRY(const auto worst, look_ahead(client, release, find_built_image, display));
    if (interrupted())
      return base::make_error(base::ErrorKind::cancelled, "interrupted: nothing was changed");
    const bool stops = worst == ecs::Verdict::problem && (flags.plan || flags.preflight == "fail");
    if (stops && !flags.json) fmt::print("Nothing was changed: mend what is marked with ✗\n");
    if (flags.plan || stops) return stops ? kJobFailed : kPassed;
  }
  const char* summary = std::getenv("GITHUB_STEP_SUMMARY");
  DeployProof proof({flags.probe, flags.version_header, flags.report, summary == nullptr ? "" : summary},
                    *http);
  proof.look_before(interrupt_token());
  const auto decide = std::make_shared<HookDecider>(flags.hooks);
  const auto outcome = ecs::carry_out(client, release, [&](const ecs::ReleaseItem& item) {
    return display.news_of(item.name, [decide](const ecs::LifecycleHook& hook) { return (*decide)(hook); });
  });
  TRY(proof.finish(outcome, interrupt_token()));
  display.outcome(outcome);
  if (proof.record()) display.proof(*proof.record());
  if (flags.attach) {
    const auto attached = attach_evidence(client, *http, outcome, report_of(outcome, proof.record()));
    // How the deployment ended is told by the exit code, unless it ended well.
    if (!attached && exit_code_of(outcome.end) == kPassed) return attached.error();
    if (!attached) complain(attached.error());
  }
  return exit_code_of(outcome.end);
}

}  // namespace

int deploy_command(const CommonFlags& common, const DeployFlags& flags) {
  watch_for_interrupts();
  const auto code = deploy(common, flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
