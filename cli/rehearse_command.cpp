#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "cli/commands.h"
#include "cli/deployment_file.h"
#include "cli/emulator_seed.h"
#include "cli/interrupts.h"
#include "cli/rehearsal_stage.h"

namespace cli {

namespace {

using base::Result;

/// What was asked for, of all that there is; `all` is that.
template <typename Enum, std::size_t count, typename Parse>
Result<std::vector<Enum>> chosen_of(const std::array<Enum, count>& all, const std::vector<std::string>& names,
                                    Parse parse) {
  std::vector<Enum> chosen;
  for (const auto& name : names) {
    if (name == "all") return std::vector<Enum>(all.begin(), all.end());
    TRY(const auto one, parse(name));
    chosen.push_back(one);
  }
  return chosen;
}

base::Json to_json(const RehearsedEnd& end) {
  base::Json requests = {{"sent", end.requests.sent}, {"failed", end.requests.failed}};
  for (const auto& [reason, count] : end.requests.failures_by_reason) requests["failures"][reason] = count;
  return {{"type", "rehearsed"},
          {"strategy", std::string(to_string(end.strategy))},
          {"fault", std::string(to_string(end.mishap))},
          {"expected", std::string(ecs::to_string(end.expected))},
          {"came", std::string(ecs::to_string(end.came))},
          {"right_version", end.right_version},
          {"as_expected", end.as_expected()},
          {"requests", std::move(requests)},
          {"seconds", end.seconds},
          {"sentence", end.sentence}};
}

/// What is told while strategies are rehearsed side by side, and what stands in the table at the end.
class RehearsalReport {
 public:
  enum class Form { text, json };
  explicit RehearsalReport(Form form) : form_(form) {}

  void add(const RehearsedEnd& end) {
    const std::lock_guard lock(mutex_);
    ends_.push_back(end);
    if (form_ == Form::json) {
      fmt::print("{}\n", base::to_text(to_json(end)));
      std::fflush(stdout);
      return;
    }
    fmt::print(stderr, "{} {} × {}: {}\n", end.as_expected() ? "✓" : "✗", to_string(end.strategy),
               to_string(end.mishap), end.sentence);
  }

  void fail(Strategy strategy, const base::Error& error) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    fmt::print(stderr, "{}: {}\n", to_string(strategy), error.to_string());
  }

  /// Everything was tried, and ended as it should.
  [[nodiscard]] bool is_good() const {
    return !failed_ && !ends_.empty() &&
           std::all_of(ends_.begin(), ends_.end(), [](const auto& end) { return end.as_expected(); });
  }
  [[nodiscard]] bool was_tried() const { return !failed_; }

  void finish() {
    const auto good = static_cast<std::size_t>(
        std::count_if(ends_.begin(), ends_.end(), [](const auto& end) { return end.as_expected(); }));
    if (form_ == Form::json) {
      fmt::print(
          "{}\n",
          base::to_text({{"type", "rehearsal_finished"}, {"tried", ends_.size()}, {"as_expected", good}}));
      return;
    }
    std::sort(ends_.begin(), ends_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.strategy, a.mishap) < std::pair(b.strategy, b.mishap);
    });
    fmt::print("\n{:<11} {:<15} {:<12} {:<16} {:<9} {:>8} {:>7} {:>8}\n", "strategy", "fault", "expected",
               "came", "version", "requests", "failed", "seconds");
    for (const auto& end : ends_) {
      fmt::print("{:<11} {:<15} {:<12} {:<16} {:<9} {:>8} {:>7} {:>8.1f}{}\n", to_string(end.strategy),
                 to_string(end.mishap), ecs::to_string(end.expected), ecs::to_string(end.came),
                 end.right_version ? "as it is" : "WRONG", end.requests.sent, end.requests.failed,
                 end.seconds, end.as_expected() ? "" : "  ✗");
    }
    fmt::print("\n{} of {} as expected\n", good, ends_.size());
  }

 private:
  Form form_;
  std::mutex mutex_;
  std::vector<RehearsedEnd> ends_;
  bool failed_ = false;
};

/// One after the other on one stage.
Result<void> rehearse(StageOptions options, const std::vector<Mishap>& mishaps, RehearsalReport& report) {
  TRY(const auto stage, RehearsalStage::set_up(std::move(options)));
  for (const auto mishap : mishaps) {
    if (!stage->can_play(mishap)) continue;
    if (interrupted()) return base::make_error(base::ErrorKind::cancelled, "interrupted");
    TRY(const auto end, stage->play(mishap));
    report.add(end);
  }
  return {};
}

/// Beside the file, or where the repository's root is.
std::string seed_of(const RehearseFlags& flags) {
  if (!flags.seed.empty()) return flags.seed;
  const auto beside = base::Path(flags.file).parent_path() / "emulator.yml";
  return base::exists(beside) ? beside.string() : "emulator.yml";
}

Result<bool> is_workflow(const std::string& file) {
  TRY(const auto text, base::read_file(file));
  TRY(const auto document, parse_yaml(file, text));
  return document.contains("jobs");
}

/// The service that was named, or the first that is deployed: of the release, or with a workflow of the seed.
Result<RehearsedService> service_of(const StageOptions& options, const RehearseFlags& flags) {
  std::vector<RehearsedService> services;
  for (const auto& item : options.release.items) {
    if (item.kind == ecs::ItemKind::service) services.push_back({item.cluster, item.service});
  }
  if (!options.workflow.empty()) {
    for (const auto& entry : base::json_member(options.seed, "services"))
      services.push_back({base::json_string(entry, "cluster", "default"), base::json_string(entry, "name")});
  }
  for (const auto& service : services) {
    if (flags.service.empty() || service.name == flags.service) return service;
  }
  return base::invalid_input(fmt::format("{}: there is no service {}", flags.file, flags.service));
}

Result<StageOptions> stage_options(const CommonFlags& common, const RehearseFlags& flags) {
  StageOptions options;
  TRY(options.seed, load_seed(seed_of(flags)));
  TRY(const bool workflow, is_workflow(flags.file));
  if (workflow) {
    options.workflow = flags.file;
  } else {
    DeployFlags file;
    file.file = flags.file;
    file.cluster = flags.cluster;
    TRY(options.release, read_deployment_file(file));
  }
  TRY(options.service, service_of(options, flags));
  options.time_scale = flags.time_scale;
  options.images = (base::Path(common.state_folder) / "images").string();
  options.stop = interrupt_token();
  return options;
}

Result<int> rehearse_all(const CommonFlags& common, const RehearseFlags& flags) {
  TRY(const auto options, stage_options(common, flags));
  TRY(auto strategies, chosen_of(kStrategies, flags.strategies, parse_strategy));
  TRY(auto mishaps, chosen_of(kMishaps, flags.mishaps, parse_mishap));
  if (mishaps.empty()) mishaps.assign(kMishaps.begin(), kMishaps.end());
  if (strategies.empty()) {
    TRY(const auto own, declared_strategy(options.seed, options.service));
    strategies.push_back(own);
  }
  RehearsalReport report(flags.json ? RehearsalReport::Form::json : RehearsalReport::Form::text);
  {
    std::vector<std::jthread> stages;
    for (const auto strategy : strategies) {
      stages.emplace_back([&report, &mishaps, own = options, strategy]() mutable {
        own.strategy = strategy;
        if (auto done = rehearse(std::move(own), mishaps, report); !done) report.fail(strategy, done.error());
      });
    }
  }
  report.finish();
  if (interrupted()) return kInterrupted;
  if (!report.was_tried()) return kRunnerFailed;
  return report.is_good() ? kPassed : kJobFailed;
}

}  // namespace

int rehearse_command(const CommonFlags& common, const RehearseFlags& flags) {
  watch_for_interrupts();
  const auto code = rehearse_all(common, flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
