// docker/build-push-action on the native builder: a folder of the job or the repository itself becomes an
// image in the store, then goes where the outputs say.

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <chrono>

#include "base/git.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecr/build_settings.h"
#include "steps/agent_offer.h"
#include "steps/build_caches.h"
#include "steps/build_context.h"
#include "steps/builtin/build_request.h"
#include "steps/docker_output.h"
#include "steps/job_files.h"
#include "steps/job_images.h"
#include "steps/tree_copy.h"

namespace steps::builtin {
namespace {

using base::ErrorKind;
using base::make_error;

constexpr std::size_t kMaximumDockerfile = 1U << 20;

/// The open folder that is built from, and what has to live as long.
struct OpenContext {
  std::optional<base::TempDir> copy;
  BuildContext admitted;
  base::Fd folder;
  [[nodiscard]] int fd() const { return folder ? folder.get() : admitted.folder.get(); }
};

std::string inside_workspace(const RunningJob& job, const std::string& path) {
  const base::Path whole =
      path.starts_with('/') ? base::Path(path) : base::Path(job.folders.workspace.inside) / path;
  std::string text = whole.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

/// The user's work tree as actions/checkout brings it, without .git, as a git context has none.
base::Result<OpenContext> open_default_context(const BuildRequest& request, RunningJob& job) {
  if (job.services->repository.empty()) {
    return make_error(ErrorKind::not_found,
                      "there is no repository to build from: start the run in one, or give a context");
  }
  OpenContext context;
  TRY(context.copy, base::TempDir::create_in(job.folders.scratch, "context"));
  TRY(const auto files, base::list_work_tree_files(job.services->repository));
  TRY(auto root, base::open_directory(context.copy->path()));
  TRY(copy_files_for_steps(job.services->repository, files, root.get(), job.services->host_uid));
  auto folder = base::open_beneath(root.get(), request.context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder) {
    return make_error(ErrorKind::not_found,
                      fmt::format("the repository has no folder '{}' to build from", request.context));
  }
  context.folder = std::move(*folder);
  return context;
}

base::Result<OpenContext> open_job_folder(const BuildRequest& request, RunningJob& job) {
  const std::string path = inside_workspace(job, request.context);
  TRY(const HostLocation location, to_host(job.folders, path).while_doing("finding the build context"));
  TRY(auto root, base::open_directory(location.folder));
  auto folder = base::open_beneath(root.get(), location.relative.empty() ? "." : location.relative,
                                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder) {
    return make_error(
        ErrorKind::not_found,
        fmt::format("unable to prepare context: path \"{}\" not found. Is actions/checkout before "
                    "this step?",
                    request.context));
  }
  OpenContext context;
  TRY(context.admitted, admit_build_context(folder->get(), job));
  return context;
}

struct Dockerfile {
  std::string text;
  std::string name;   ///< relative to the context where it lies in it
  std::string place;  ///< in the repository
};

base::Result<Dockerfile> read_dockerfile_at(const base::Path& path, const BuildRequest& request,
                                            const RunningJob& job) {
  const base::Path folder = inside_workspace(job, request.context);
  TRY(auto text, read_job_file(job.folders, path.string(), kMaximumDockerfile));
  const base::Path relative = path.lexically_relative(folder);
  return Dockerfile{
      .text = std::move(text),
      .name = relative.empty() || *relative.begin() == ".." ? path.filename().string() : relative.string(),
      .place = path.lexically_relative(job.folders.workspace.inside).string()};
}

base::Result<Dockerfile> read_dockerfile_of(int context, const std::string& name,
                                            const BuildRequest& request) {
  TRY(auto text, read_regular_file(context, name, kMaximumDockerfile));
  return Dockerfile{.text = std::move(text),
                    .name = name,
                    .place = (base::Path(request.context) / name).lexically_normal().string()};
}

base::Result<Dockerfile> read_dockerfile(const BuildRequest& request, const RunningJob& job,
                                         const OpenContext& context) {
  const bool is_usual = request.file.empty();
  const auto names =
      is_usual ? std::vector<std::string>{"Dockerfile", "dockerfile"} : std::vector{request.file};
  for (const auto& name : names) {
    const base::Path path = is_usual ? base::Path(inside_workspace(job, request.context)) / name
                                     : base::Path(inside_workspace(job, name));
    auto file = request.default_context ? read_dockerfile_of(context.fd(), name, request)
                                        : read_dockerfile_at(path, request, job);
    if (file || file.error().kind != ErrorKind::not_found) return file;
  }
  return make_error(
      ErrorKind::not_found,
      fmt::format("failed to read dockerfile: open {}: no such file or directory", names.front()));
}

/// One build from its inputs to its outputs.
class PushedBuild {
 public:
  PushedBuild(const ActionCall& call, RunningJob& job, BuildRequest request)
      : job_(job), request_(std::move(request)) {
    const auto show = [this](std::string_view text) {
      for (const std::string_view line : base::lines_of(text)) job_.log->line(LineKind::output, line);
    };
    call_.print = show;
    call_.complain = show;
    call_.stop = call.stop;
    call_.secrets = request_.secrets;
    annotates_ = call.variable("DOCKER_BUILD_CHECKS_ANNOTATIONS") != "false";
    call_.command.verb = DockerVerb::build;
    call_.command.tags = request_.tags;
    call_.command.build_args = request_.build_args;
    call_.command.labels = request_.labels;
    call_.command.target = request_.target;
    call_.command.no_cache = request_.no_cache;
    call_.command.pull = request_.pull;
  }

  base::Result<ActionOutcome> run() {
    TRY(const OpenContext context,
        request_.default_context ? open_default_context(request_, job_) : open_job_folder(request_, job_));
    TRY(const Dockerfile file, read_dockerfile(request_, job_, context));
    call_.dockerfile = file.text;
    call_.command.dockerfile = file.name;
    TRY(auto options, docker_build_options(call_, job_));
    options.context = context.fd();
    if (request_.no_network) options.network = sandbox::NetworkMode::isolated;
    if (!request_.platforms.empty()) options.platforms = request_.platforms;
    options.annotations = request_.annotations;
    options.provenance = request_.provenance;
    options.sbom = request_.sbom;
    TRY(options.registry, registry_options(*job_.services, call_.stop));
    for (const auto& [id, socket] : request_.agents) {
      TRY(options.ssh_agents[id], agent_inside(*job_.sandbox, socket));
    }
    TRY(const auto opened, open_named_contexts(options));
    if (request_.only_check) return check(options);
    TRY(auto caches, BuildCaches::prepare(request_.cache_from, request_.cache_to, job_, options));
    TRY(push_, prepare_outputs(request_.outputs, call_, job_, options));
    const auto begin = std::chrono::steady_clock::now();
    TRY(built_, ecr::build_image(options, *job_.services->images).while_doing("building the image"));
    TRY(caches.deliver(job_));
    if (annotates_) annotate(file.place);
    tell_docker_built(call_, job_, built_,
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    for (const BuildOutput& output : request_.outputs) TRY(deliver(output));
    return outcome();
  }

 private:
  base::Result<ActionOutcome> check(const ecr::BuildOptions& options) {
    TRY(const auto answer, docker_check(call_, job_, options));
    if (answer.exit_code == 0) return ActionOutcome{};
    return make_error(ErrorKind::invalid_input, "the build checks warn of what the log shows");
  }

  /// What the build checks found, at its places.
  void annotate(const std::string& file) {
    for (const ecr::CheckFinding& finding : built_.findings) {
      const ecr::CheckRule& rule = ecr::rule_of(finding.check);
      const auto page = ecr::page_of(rule);
      job_.log->annotation({.level = LineKind::warning,
                            .message = finding.message + (page.empty() ? "" : "\nMore info: " + page),
                            .title = std::string(rule.name),
                            .file = file,
                            .line = finding.line});
    }
  }

  /// Folders of the job, opened with the step's rights for as long as what is returned lives.
  base::Result<std::vector<BuildContext>> open_named_contexts(ecr::BuildOptions& options) {
    std::vector<BuildContext> opened;
    for (const auto& [name, value] : request_.contexts) {
      options.named_contexts[name] = value;
      if (ecr::is_image_context(value)) continue;
      TRY(const HostLocation location, to_host(job_.folders, inside_workspace(job_, value)));
      TRY(auto root, base::open_directory(location.folder));
      TRY(auto folder, base::open_beneath(root.get(), location.relative.empty() ? "." : location.relative,
                                          O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                           .while_doing("opening the build context " + name));
      TRY(auto context, admit_named_context(name, folder.get(), job_, options));
      opened.push_back(std::move(context));
    }
    return opened;
  }

  base::Result<void> deliver(const BuildOutput& output) {
    const Delivery delivery{.call = call_, .job = job_, .built = built_, .begun = push_.get()};
    if (output.kind == BuildOutput::Kind::folder) return export_tree(output);
    if (is_streamed(output)) return save_archive(delivery, output);
    return deliver_image(delivery, output);
  }

  /// A file or folder of the runner's goes to where the step may write, without following its symlinks.
  base::Result<void> hand_over(const base::Path& from, const std::vector<std::string>& files,
                               const base::Path& folder_inside) {
    TRY(const HostLocation location, to_host(job_.folders, folder_inside.string()));
    TRY(auto root, base::open_directory(location.folder));
    TRY(auto target, make_folder_for_steps(root.get(), location.relative.empty() ? "." : location.relative,
                                           job_.services->host_uid));
    return copy_files_for_steps(from, files, target.get(), job_.services->host_uid);
  }

  base::Result<void> save_archive(const Delivery& delivery, const BuildOutput& output) {
    const base::Path place = inside_workspace(job_, output.destination);
    TRY(const auto scratch, base::TempDir::create_in(job_.folders.scratch, "archive"));
    const std::string name = place.filename().string();
    base::Fd file(::open((scratch.path() / name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return base::system_error("writing " + output.destination, errno);
    TRY(write_output(delivery, output,
                     [&file](std::string_view bytes) { return base::write_all(file.get(), bytes); }));
    TRY(hand_over(scratch.path(), {name}, place.parent_path()).while_doing("writing " + output.destination));
    job_.log->line(LineKind::output, fmt::format("exporting to {}", output.destination));
    return {};
  }

  base::Result<void> export_tree(const BuildOutput& output) {
    TRY(const auto scratch, base::TempDir::create_in(job_.folders.scratch, "export"));
    const base::Path tree = scratch.path() / "tree";
    TRY(unpack_built(*job_.services->images, built_.manifest, tree));
    TRY(const auto files, list_tree(tree, [](const std::string&) { return true; }));
    TRY(hand_over(tree, files, inside_workspace(job_, output.destination))
            .while_doing("writing to " + output.destination));
    job_.log->line(LineKind::output, fmt::format("copying files to {}", output.destination));
    return {};
  }

  void show_group(std::string_view title, std::string_view text) {
    job_.log->line(LineKind::group, title);
    for (const std::string_view line : base::lines_of(text)) job_.log->line(LineKind::output, line);
    job_.log->line(LineKind::endgroup, "");
  }

  ActionOutcome outcome() {
    ActionOutcome outcome;
    outcome.outputs["imageid"] = built_.image_id.to_string();
    outcome.outputs["digest"] = built_.manifest.digest.to_string();
    outcome.outputs["metadata"] = base::to_text(ecr::build_metadata(built_), 2);
    show_group("ImageID", outcome.outputs["imageid"]);
    show_group("Digest", outcome.outputs["digest"]);
    show_group("Metadata", outcome.outputs["metadata"]);
    return outcome;
  }

  RunningJob& job_;
  BuildRequest request_;
  DockerCall call_;
  bool annotates_ = false;  ///< what the build checks find
  std::unique_ptr<ecr::StreamedPush> push_;
  ecr::BuiltImage built_;
};

}  // namespace

base::Result<ActionOutcome> docker_build_push(const ActionCall& call, RunningJob& job) {
  if (job.services->docker == DockerMode::host) {
    return make_error(ErrorKind::invalid_input,
                      "With --docker host images are built by this machine's engine: use the action itself, "
                      "with --no-builtin docker/build-push-action");
  }
  if (job.services->images == nullptr) return make_error(ErrorKind::internal, "this run has no image store");
  TRY(auto request, read_build_request(call, job));
  return PushedBuild(call, job, std::move(request)).run();
}

}  // namespace steps::builtin
