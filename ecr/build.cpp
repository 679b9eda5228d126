#include "ecr/build.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "base/strings.h"
#include "ecr/base_image.h"
#include "ecr/build_graph.h"
#include "ecr/build_ignore.h"
#include "ecr/build_platform.h"
#include "ecr/build_stage.h"
#include "ecr/check_build.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

/// All stages that the target needs, each on a thread of its own from the start; one waits where it needs
/// another.
class Build {
 public:
  Build(const BuildOptions& options, Platform platform, ImageStore& store, const Dockerfile& file,
        const DockerIgnore& ignore, GlobalVariables variables)
      : options_(options),
        platform_(std::move(platform)),
        store_(store),
        file_(file),
        context_(options, store, file, ignore, std::move(variables)) {
    context_.stop = stop_.get_token();
    stages_.resize(file.stages.size());
  }

  Result<BuiltImage> run() {
    TRY(const auto target, find_target(file_, options_.target));
    const std::stop_callback pass_on(options_.stop, [this] { stop_.request_stop(); });
    for (const auto& place : options_.cache_from) {
      context_.imported.add(place, options_.registry, [this](const std::string& line) { say(line); });
    }
    const auto lookup = [this](std::string_view name) { return context_.variables.find(name); };
    of_image_ = stages_below(file_, target, lookup);
    for (const auto index : needed_stages(file_, target, lookup)) start(index);
    auto built = stage(target);
    wait_for_all();
    if (failure_) return std::move(*failure_);
    if (!built) return std::move(built).error();
    for (const auto& name : context_.variables.unused()) {
      context_.tell(0, BuildProgress::What::output,
                    fmt::format("[Warning] the build-arg {} was not consumed by any ARG", name));
    }
    return store_image(*built);
  }

 private:
  struct RunningStage {
    std::thread thread;
    std::shared_future<Result<BuiltStage>> result;
  };

  void start(std::size_t index) {
    const std::lock_guard lock(stages_mutex_);
    auto& running = stages_[index];
    if (running.result.valid()) return;
    std::packaged_task<Result<BuiltStage>()> task([this, index] { return run_stage(index); });
    running.result = task.get_future().share();
    running.thread = std::thread(std::move(task));
  }

  /// Its result, once it has one. Stages wait for earlier ones only, so no two for each other.
  Result<BuiltStage> stage(std::size_t index) {
    start(index);
    std::shared_future<Result<BuiltStage>> result;
    {
      const std::lock_guard lock(stages_mutex_);
      result = stages_[index].result;
    }
    return result.get();
  }

  void wait_for_all() {
    // A stage may have started another one meanwhile, but only an earlier one.
    for (std::size_t i = stages_.size(); i-- > 0;) {
      if (stages_[i].thread.joinable()) stages_[i].thread.join();
    }
  }

  Result<BuiltStage> run_stage(std::size_t index) {
    const auto& stage = file_.stages[index];
    auto result = build_stage(stage, index);
    if (result) return result;
    auto error = std::move(result).error();
    if (!error.location) error.location = base::Location{file_.file_name, stage.from.line, 1};
    const std::lock_guard lock(stages_mutex_);
    // The first one says why; the others are ended, or had waited for it.
    if (!failure_) failure_ = error;
    stop_.request_stop();
    return error;
  }

  Result<BuiltStage> build_stage(const Stage& stage, std::size_t index) {
    const auto lookup = [this](std::string_view name) { return context_.variables.find(name); };
    TRY(const auto base_name, expand_word(stage.base, lookup, file_.escape));
    if (base_name.empty())
      return make_error(ErrorKind::invalid_input,
                        fmt::format("base name ({}) should not be blank", stage.base));
    StagePlace place{.label = stage.name.empty() ? fmt::format("stage-{}", index) : stage.name,
                     .platform = platform_,
                     .is_of_image = of_image_.contains(index),
                     .find = {}};
    if (!stage.platform.empty()) {
      TRY(const auto text, expand_word(stage.platform, lookup, file_.escape));
      TRY(place.platform, parse_platform(text).while_doing("reading FROM --platform"));
    }
    place.find = [this, index, platform = place.platform](const std::string& name) -> Result<BuiltStage> {
      if (const auto found = find_stage(file_, name, index, StageNames::names_or_numbers))
        return this->stage(*found);
      if (find_stage(file_, name, file_.stages.size(), StageNames::names)) {
        return make_error(
            ErrorKind::invalid_input,
            fmt::format("cannot copy from stage \"{}\", it needs to be defined before current stage", name));
      }
      return other_base(name, platform);
    };
    const auto earlier = find_stage(file_, base_name, index, StageNames::names);
    TRY(auto base, earlier ? this->stage(*earlier) : other_base(base_name, place.platform));
    if (!base.folder.empty())
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("FROM {}: the named context is a folder; COPY --from can take it", base_name));
    if (!earlier) TRY(check_base_platform(stage, base_name, place.platform, base.config.platform));
    if (!earlier || stage.platform.empty()) place.platform = base.config.platform;
    return StageBuilder(context_, stage, std::move(base), std::move(place)).run();
  }

  /// BuildKit's check InvalidBaseImagePlatform: the image is there by now, and is taken.
  Result<void> check_base_platform(const Stage& stage, const std::string& name, const Platform& expected,
                                   const Platform& actual) {
    if (expected.os == actual.os && expected.architecture == actual.architecture) return {};
    TRY(const auto settings, check_settings(options_, file_));
    CheckReport report(settings);
    report.add(Check::invalid_base_image_platform, stage.from,
               fmt::format("Base image {} was pulled with platform \"{}\", expected \"{}\" for current build",
                           name, to_string(actual), to_string(expected)));
    CheckedBuild checked{.findings = report.take()};
    checked.fails = settings.fails && !checked.findings.empty();
    const std::lock_guard lock(context_.mutex);
    context_.findings.insert(context_.findings.end(), checked.findings.begin(), checked.findings.end());
    return tell_checks(checked, options_);
  }

  Result<BuiltStage> other_base(const std::string& name, const Platform& platform) {
    TRY(auto found,
        find_base(name, platform, options_, store_, [this](const std::string& line) { say(line); }));
    if (found.origin) context_.used(*found.origin);
    return found;
  }

  void say(const std::string& line) { context_.tell(0, BuildProgress::What::output, line); }

  Result<BuiltImage> store_image(BuiltStage& built) {
    auto& config = built.config;
    config.diff_ids = built.stack.diff_ids;
    config.created = built.stack.created;
    if (config.created.empty() && !config.history.empty()) config.created = config.history.back().created;
    config.original.clear();
    for (const auto& [name, value] : options_.labels) config.labels[name] = value;
    const auto& targets = options_.cache_to;
    const bool carries_cache = std::any_of(targets.begin(), targets.end(), [](const CachePlace& place) {
      return place.kind == CachePlace::Kind::in_image;
    });
    if (carries_cache) config.original = cache_for_image(built.records, config.diff_ids);
    TRY(const auto manifest, store_.put_image(config, built.stack.layers));
    BuiltImage image{
        .manifest = manifest, .steps_cached = context_.steps_cached, .steps_run = context_.steps_run};
    TRY(const auto stored, store_.image(manifest));
    image.image_id = stored.manifest.config.digest;
    image.compressed_size = stored.compressed_size();
    image.records = std::move(built.records);
    image.all_records = std::move(context_.records);
    std::sort(context_.materials.begin(), context_.materials.end());
    context_.materials.erase(std::unique(context_.materials.begin(), context_.materials.end()),
                             context_.materials.end());
    image.materials = std::move(context_.materials);
    image.findings = std::move(context_.findings);
    return image;
  }

  const BuildOptions& options_;
  const Platform platform_;
  ImageStore& store_;
  const Dockerfile& file_;
  BuildContext context_;
  std::stop_source stop_;
  std::set<std::size_t> of_image_;  ///< stages; written before the first begins
  std::mutex stages_mutex_;         ///< of the two below
  std::vector<RunningStage> stages_;
  std::optional<base::Error> failure_;
};

}  // namespace

Result<BuiltImage> build_for_platform(const BuildOptions& options, const Platform& platform,
                                      ImageStore& store) {
  TRY(auto file, parse_dockerfile(options.dockerfile, options.dockerfile_name));
  for (auto& stage : file.stages) {
    // A named context stands in for the stage of its name, which nobody can name then.
    if (options.named_contexts.contains(stage.name)) stage.name.clear();
  }
  TRY(const auto ignore, read_ignore(options));
  TRY(auto variables, GlobalVariables::evaluate(file, options, platform));
  return Build(options, platform, store, file, ignore, std::move(variables)).run();
}

}  // namespace ecr
