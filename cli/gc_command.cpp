#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/remove_runs.h"
#include "ecr/image_store.h"

namespace cli {

namespace {

constexpr double kSecondsPerDay = 86'400;

base::Result<std::uint64_t> remove_layers(const CommonFlags& common) {
  const auto folder = base::Path(common.state_folder) / "images";
  if (!base::exists(folder)) return std::uint64_t{0};
  TRY(auto images, ecr::ImageStore::open(folder));
  TRY(const auto garbage, images.collect_garbage());
  return garbage.bytes;
}

}  // namespace

int gc_command(const CommonFlags& common, const GcFlags& flags) {
  const double now = base::to_epoch_seconds(base::system_clock().now());
  const auto garbage = find_and_remove_runs(common, {.older_than = now - flags.keep_days * kSecondsPerDay,
                                                     .most_runs = static_cast<std::size_t>(flags.keep_runs),
                                                     .only_look = flags.dry_run});
  if (!garbage) return complain(garbage.error());
  std::uint64_t layer_bytes = 0;
  if (!flags.dry_run) {
    const auto removed = remove_layers(common);
    if (!removed) return complain(removed.error());
    layer_bytes = *removed;
  }
  if (flags.json) {
    base::Json runs = base::Json::array();
    for (const auto& run : garbage->runs) runs.push_back({{"id", run.id}, {"bytes", run.bytes}});
    const base::Json json = {{"dry_run", flags.dry_run},        {"runs", runs},
                             {"run_bytes", garbage->bytes},     {"kept_because_running", garbage->running},
                             {"actions", garbage->actions},     {"action_bytes", garbage->action_bytes},
                             {"artifacts", garbage->artifacts}, {"artifact_bytes", garbage->artifact_bytes},
                             {"image_bytes", layer_bytes}};
    fmt::print("{}\n", base::to_text(json, 2));
    return kPassed;
  }
  const char* verb = flags.dry_run ? "would remove" : "removed";
  for (const auto& run : garbage->runs)
    fmt::print("{} run {} ({})\n", verb, run.id, base::format_bytes(run.bytes));
  fmt::print("{} {} runs, {}{}\n", verb, garbage->runs.size(), base::format_bytes(garbage->bytes),
             garbage->running > 0 ? fmt::format("; {} are running and stay", garbage->running) : "");
  fmt::print("{} {} fetched actions, {}\n", verb, garbage->actions,
             base::format_bytes(garbage->action_bytes));
  fmt::print("{} {} artifacts, {}\n", verb, garbage->artifacts, base::format_bytes(garbage->artifact_bytes));
  if (!flags.dry_run)
    fmt::print("removed parts of images that no image needs: {}\n", base::format_bytes(layer_bytes));
  return kPassed;
}

}  // namespace cli
