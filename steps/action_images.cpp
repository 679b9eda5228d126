#include "steps/action_images.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ecr/build.h"
#include "steps/build_context.h"
#include "steps/job_files.h"
#include "steps/job_images.h"
#include "workflow/workflow.h"

namespace steps {
namespace {

constexpr std::string_view kScheme = "docker://";
constexpr std::size_t kLargestDockerfile = 1U << 20;

using Image = std::shared_ptr<const ecr::Image>;

base::Result<ecr::Image> build_action_image(const LoadedAction& source, RunningJob& job,
                                            const std::stop_token& stop) {
  const base::Path file = (base::Path(source.folder) / source.metadata.image).lexically_normal();
  job.log->line(LineKind::group, fmt::format("Build container for action use: '{}'.", file.string()));
  TRY(const auto location, to_host(job.folders, file.parent_path().string()));
  TRY(const auto root, base::open_directory(location.folder));
  TRY(const auto folder,
      base::open_beneath(root.get(), location.relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ecr::BuildOptions options;
  TRY(options.dockerfile, read_regular_file(folder.get(), file.filename(), kLargestDockerfile)
                              .while_doing(fmt::format("reading {}", file.string())));
  options.dockerfile_name = file.string();
  TRY(const BuildContext context, admit_build_context(folder.get(), job));
  options.context = context.folder.get();
  options.stop = stop;
  options.network = job.services->containers->plan.network;
  options.remote = {
      .http = job.services->http, .why_no_connection = job.services->why_no_connection, .stop = stop};
  options.limits = job.services->containers->plan.limits;
  options.pull = [&job, &stop](const ecr::ImageReference& reference,
                               const ecr::Platform&) -> base::Result<ecr::Descriptor> {
    TRY(const auto image, obtain_image({.image = reference.to_string(), .stop = stop}, *job.services));
    return image.descriptor;
  };
  options.progress = [&job](const ecr::BuildProgress& progress) {
    job.log->line(LineKind::output, progress.line);
  };
  TRY(const auto built, ecr::build_image(options, *job.services->images));
  job.log->line(LineKind::endgroup, "");
  return job.services->images->image(built.manifest);
}

base::Result<ecr::Image> pull_action_image(const std::string& image, RunningJob& job,
                                           const std::stop_token& stop) {
  job.log->line(LineKind::group, fmt::format("Pull down action image '{}'", image));
  auto obtained =
      obtain_image({.image = image,
                    .stop = stop,
                    .say = [&job](std::string_view line) { job.log->line(LineKind::output, line); }},
                   *job.services);
  job.log->line(LineKind::endgroup, "");
  return obtained;
}

/// `owner/repo/path@ref`: all uses of it share one image.
std::string name_of_remote(const ActionUse& use) {
  const auto& action = use.action;
  const auto written = workflow::parse_repository_reference(use.uses);
  // Of `$/path` the path is where its folder is.
  std::string path = written ? written->path : "";
  if (!written && use.uses.starts_with("$/")) path = use.uses.substr(2);
  return fmt::format("{}{}{}@{}", action.repository, path.empty() ? "" : "/", path, action.ref);
}

std::string name_of_pull(std::string_view image) {
  if (image.starts_with(kScheme)) image.remove_prefix(kScheme.size());
  return std::string(image);
}

base::Result<Image> shared_image(const std::string& key, RunningJob& job,
                                 const std::function<base::Result<ecr::Image>()>& obtain) {
  if (auto known = actions_of(job).find_image(key)) return known;
  TRY(auto image, obtain());
  auto made = std::make_shared<const ecr::Image>(std::move(image));
  actions_of(job).add_image(key, made);
  return made;
}

class ImageList {
 public:
  ImageList(RunningJob& job, const std::stop_token& stop) : job_(job), stop_(stop) {}

  // NOLINTNEXTLINE(misc-no-recursion): as deep as composite actions
  void add(const workflow::Step& step) {
    for (const auto& beside : step.parallel) add(beside);
    if (!step.uses) return;
    if (step.uses->text.starts_with(kScheme)) return add_pull(step.uses->text);
    const auto use = actions_of(job_).find(step);
    if (!use || !use->action.is_remote()) return;
    const auto& metadata = use->action.metadata;
    if (metadata.kind == workflow::ActionKind::composite) {
      for (const auto& inner : metadata.steps) add(inner);
    } else if (metadata.kind == workflow::ActionKind::docker) {
      metadata.image.starts_with(kScheme) ? add_pull(metadata.image) : add_build(use);
    }
  }

  std::vector<ActionImage> take() {
    std::move(builds_.begin(), builds_.end(), std::back_inserter(pulls_));
    return std::move(pulls_);
  }

 private:
  static bool has(const std::vector<ActionImage>& list, const std::string& title) {
    return std::any_of(list.begin(), list.end(), [&](const auto& one) { return one.title == title; });
  }

  void add_pull(const std::string& image) {
    const auto title = "Pull " + name_of_pull(image);
    if (has(pulls_, title)) return;
    pulls_.push_back({title, [image, &job = job_, stop = stop_]() -> base::Result<void> {
                        TRY(image_of_step(image, job, stop));
                        return {};
                      }});
  }

  void add_build(const std::shared_ptr<ActionUse>& use) {
    const auto title = "Build " + name_of_remote(*use);
    if (has(builds_, title)) return;
    builds_.push_back({title, [use, &job = job_, stop = stop_]() -> base::Result<void> {
                         TRY(image_of_action(*use, job, stop));
                         return {};
                       }});
  }

  RunningJob& job_;
  std::stop_token stop_;
  std::vector<ActionImage> pulls_;
  std::vector<ActionImage> builds_;
};

}  // namespace

base::Result<Image> image_of_action(ActionUse& use, RunningJob& job, const std::stop_token& stop) {
  if (use.image) return use.image;
  const std::string& named = use.action.metadata.image;
  if (named.starts_with(kScheme)) {
    TRY(use.image, image_of_step(named, job, stop));
  } else if (use.action.is_remote()) {
    TRY(use.image, shared_image("build " + name_of_remote(use), job,
                                [&] { return build_action_image(use.action, job, stop); }));
  } else {
    TRY(auto image, build_action_image(use.action, job, stop));
    use.image = std::make_shared<const ecr::Image>(std::move(image));
  }
  return use.image;
}

base::Result<Image> image_of_step(const std::string& uses, RunningJob& job, const std::stop_token& stop) {
  const auto image = name_of_pull(uses);
  return shared_image("pull " + image, job, [&] { return pull_action_image(image, job, stop); });
}

std::vector<ActionImage> images_of_steps(const std::vector<const workflow::Step*>& steps, RunningJob& job,
                                         const std::stop_token& stop) {
  // Without these the step itself says why it cannot run.
  if (!job.services->containers || job.services->images == nullptr) return {};
  ImageList list(job, stop);
  for (const auto* step : steps) list.add(*step);
  return list.take();
}

}  // namespace steps
