#include "ecr/build.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/build_stage.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kLargestIgnoreFile = 1U << 20;

/// Dockerfile.dockerignore beside the Dockerfile wins over the context's own.
Result<DockerIgnore> read_ignore(const BuildOptions& options) {
  if (options.ignore) return DockerIgnore::parse(*options.ignore);
  if (options.context < 0) return DockerIgnore();
  for (const auto& name : {options.dockerfile_name + ".dockerignore", std::string(".dockerignore")}) {
    const auto file = base::open_beneath(options.context, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (!file) continue;
    TRY(const auto text, base::read_all(file->get(), kLargestIgnoreFile).while_doing("reading " + name));
    return DockerIgnore::parse(text);
  }
  return DockerIgnore();
}

class Build {
 public:
  Build(const BuildOptions& options, ImageStore& store, const Dockerfile& file, const DockerIgnore& ignore,
        GlobalVariables variables)
      : options_(options),
        store_(store),
        file_(file),
        context_{options, store, file, ignore, std::move(variables)} {
    context_.find_stage = [this](const std::string& name) { return stage_or_image(name); };
  }

  Result<BuiltImage> run() {
    TRY(const auto target, target_index());
    TRY(auto built, stage(target));
    for (const auto& name : context_.variables.unused()) {
      context_.tell(0, BuildProgress::What::output,
                    fmt::format("[Warning] the build-arg {} was not consumed by any ARG", name));
    }
    return store_image(built);
  }

 private:
  Result<std::size_t> target_index() const {
    if (options_.target.empty()) return file_.stages.size() - 1;
    if (const auto index = find_stage(options_.target, file_.stages.size())) return *index;
    return make_error(ErrorKind::not_found,
                      fmt::format("target stage \"{}\" could not be found", options_.target));
  }

  /// A stage before `limit`, by name or by number.
  std::optional<std::size_t> find_stage(const std::string& name, std::size_t limit) const {
    const auto wanted = base::to_lower(name);
    for (std::size_t i = limit; i-- > 0;) {
      if (!file_.stages[i].name.empty() && file_.stages[i].name == wanted) return i;
    }
    const auto number = base::parse_integer(name);
    if (number && *number >= 0 && static_cast<std::size_t>(*number) < limit)
      return static_cast<std::size_t>(*number);
    return std::nullopt;
  }

  /// Stages before the one that is being built: one cannot copy from itself, nor from a later one.
  Result<BuiltStage> stage_or_image(const std::string& name) {
    if (const auto index = find_stage(name, building_)) return stage(*index);
    return base_image(name);
  }

  Result<BuiltStage> stage(std::size_t index) {
    if (const auto known = built_.find(index); known != built_.end()) return known->second;
    const auto& stage = file_.stages[index];
    const auto outer = std::exchange(building_, index);
    auto result = build_stage(stage, index);
    building_ = outer;
    if (!result) {
      auto error = std::move(result).error();
      if (!error.location) error.location = base::Location{file_.file_name, stage.from.line, 1};
      return error;
    }
    built_.emplace(index, *result);
    return result;
  }

  Result<BuiltStage> build_stage(const Stage& stage, std::size_t index) {
    TRY(const auto base_name,
        expand_word(
            stage.base, [this](std::string_view name) { return context_.variables.find(name); },
            file_.escape));
    if (base_name.empty())
      return make_error(ErrorKind::invalid_input,
                        fmt::format("base name ({}) should not be blank", stage.base));
    TRY(check_platform(stage));
    TRY(auto base, stage_or_image(base_name));
    return StageBuilder(context_, stage, std::move(base),
                        stage.name.empty() ? fmt::format("stage-{}", index) : stage.name)
        .run();
  }

  Result<void> check_platform(const Stage& stage) const {
    if (stage.platform.empty()) return {};
    TRY(const auto text,
        expand_word(
            stage.platform, [this](std::string_view name) { return context_.variables.find(name); },
            file_.escape));
    TRY(const auto platform, parse_platform(text));
    if (platform_fits(options_.platform, platform)) return {};
    return make_error(ErrorKind::invalid_input,
                      fmt::format("FROM --platform={}: this machine builds for {} only", text,
                                  to_string(options_.platform)));
  }

  Result<BuiltStage> base_image(const std::string& name) {
    if (name == "scratch") return BuiltStage{.config = {.platform = options_.platform}};
    TRY(const auto reference, parse_image_reference(name));
    auto found = store_.resolve(reference.to_string());
    const bool pulls = options_.pull && (!found || options_.always_pull);
    if (pulls) {
      context_.tell(0, BuildProgress::What::output, fmt::format("pulling {}", reference.to_string()));
      found = options_.pull(reference);
    }
    if (!found) {
      return std::move(found).error().while_doing(
          fmt::format("finding the base image {} (import one with `pipeline image import`, or pull it)",
                      reference.to_string()));
    }
    TRY(auto image, store_.image(*found));
    BuiltStage stage{.config = std::move(image.config)};
    stage.stack = {
        .layers = image.manifest.layers, .diff_ids = stage.config.diff_ids, .created = stage.config.created};
    return stage;
  }

  Result<BuiltImage> store_image(BuiltStage& built) {
    auto& config = built.config;
    config.platform = options_.platform;
    config.diff_ids = built.stack.diff_ids;
    config.created = built.stack.created;
    if (config.created.empty() && !config.history.empty()) config.created = config.history.back().created;
    config.original.clear();
    for (const auto& [name, value] : options_.labels) config.labels[name] = value;
    TRY(const auto manifest, store_.put_image(config, built.stack.layers));
    BuiltImage image{
        .manifest = manifest, .steps_cached = context_.steps_cached, .steps_run = context_.steps_run};
    TRY(const auto stored, store_.image(manifest));
    image.image_id = stored.manifest.config.digest;
    image.compressed_size = stored.compressed_size();
    for (const auto& tag : options_.tags) {
      TRY(const auto reference, parse_image_reference(tag));
      TRY(store_.tag(reference.to_string(), manifest));
      image.tags.push_back(reference.to_string());
    }
    if (options_.tags.empty()) TRY(store_.tag("", manifest));
    return image;
  }

  const BuildOptions& options_;
  ImageStore& store_;
  const Dockerfile& file_;
  BuildContext context_;
  std::map<std::size_t, BuiltStage> built_;
  std::size_t building_ = 0;
};

}  // namespace

Result<BuiltImage> build_image(BuildOptions options, ImageStore& store) {
  if (const auto epoch = options.build_args.find(kEpochArg); epoch != options.build_args.end()) {
    const auto seconds = base::parse_integer(epoch->second);
    if (!seconds || *seconds < 0) {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("the build-arg {}: expected seconds since 1970, found '{}'", kEpochArg, epoch->second));
    }
    options.source_date_epoch = *seconds;
  }
  TRY(const auto file, parse_dockerfile(options.dockerfile, options.dockerfile_name));
  TRY(const auto ignore, read_ignore(options));
  TRY(auto variables, GlobalVariables::evaluate(file, options));
  return Build(options, store, file, ignore, std::move(variables)).run();
}

}  // namespace ecr
