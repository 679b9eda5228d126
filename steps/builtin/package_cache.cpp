#include "steps/builtin/package_cache.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/cache_archive.h"
#include "steps/hash_files.h"

namespace steps::builtin {
namespace {

base::Result<void> save_packages(const CacheRequest& request, const std::optional<std::string>& matched,
                                 RunningJob& job) {
  if (matched && *matched == request.key) {
    job.log->line(LineKind::output,
                  fmt::format("Cache hit occurred on the primary key {}, not saving cache.", request.key));
    return {};
  }
  const auto saved = save_cache(request, job);
  if (!saved && saved.error().kind == base::ErrorKind::cancelled) return saved.error();
  if (!saved) {
    warn(job, saved.error().to_string());
  } else if (*saved) {
    job.log->line(LineKind::output, fmt::format("Cache saved with the key: {}", request.key));
  }
  return {};
}

}  // namespace

std::string platform_of_keys(const ActionCall& call) {
  const std::string architecture = base::to_lower(call.variable("RUNNER_ARCH"));
  return fmt::format("{}-{}", call.variable("RUNNER_OS"), architecture);
}

std::string in_home(const ActionCall& call, std::string_view path) {
  return fmt::format("{}/{}", call.variable("HOME"), path);
}

void use_package_cache(PackageCache cache, const ActionCall& call, RunningJob& job, ActionOutcome& outcome) {
  outcome.outputs["cache-hit"] = "false";
  const auto named = lines_of_input(call.input("cache-dependency-path"));
  if (!named.empty()) cache.dependencies = named;
  const auto hash = hash_files(job.folders, cache.dependencies);
  if (!hash) return warn(job, fmt::format("Restore cache failed: {}", hash.error().to_string()));
  if (hash->empty()) {
    return warn(
        job, fmt::format("Restore cache failed: no file of the workspace matches [{}]; is actions/checkout "
                         "before this step?",
                         base::join(cache.dependencies, ", ")));
  }
  CacheRequest request;
  request.paths = cache.paths;
  request.key = fmt::format("{}-{}", cache.key, *hash);
  if (cache.restore_by_prefix) request.restore_keys = {cache.key};
  request.environment = call.environment;
  request.stop = call.stop;
  outcome.outputs["cache-primary-key"] = request.key;
  const auto matched = restore_cache(request, job);
  if (!matched) return warn(job, fmt::format("Restore cache failed: {}", matched.error().to_string()));
  if (*matched) {
    outcome.outputs["cache-matched-key"] = **matched;
    job.log->line(LineKind::output, fmt::format("Cache restored from key: {}", **matched));
  } else {
    job.log->line(LineKind::output, fmt::format("{} cache is not found", cache.manager));
  }
  outcome.outputs["cache-hit"] = *matched && **matched == request.key ? "true" : "false";
  request.stop = {};
  outcome.post = PostStep{.name = "Post " + call.step_name,
                          .run = [request, matched = *matched](
                                     RunningJob& ending) { return save_packages(request, matched, ending); },
                          .condition = "success()"};
}

}  // namespace steps::builtin
