// actions/cache, actions/cache/restore and actions/cache/save (actions/cache restoreImpl.ts, saveImpl.ts):
// what they say and when they save is theirs.

#include <fmt/format.h>

#include <memory>

#include "base/strings.h"
#include "steps/builtin_actions.h"
#include "steps/cache_archive.h"

namespace steps::builtin {

namespace {

using base::Result;

Result<CacheRequest> request_of(const ActionCall& call) {
  CacheRequest request;
  for (const char* name : {"key", "path"}) {
    if (call.input(name).empty())
      return base::invalid_input(fmt::format("Input required and not supplied: {}", name));
  }
  request.key = call.input("key");
  request.paths = lines_of_input(call.input("path"));
  request.restore_keys = lines_of_input(call.input("restore-keys"));
  request.lookup_only = is_true(call.input("lookup-only"));
  request.environment = call.environment;
  request.stop = call.stop;
  return request;
}

struct Restored {
  ActionOutcome outcome;
  std::optional<std::string> key;
};

Result<Restored> restore(const ActionCall& call, const CacheRequest& request, RunningJob& job) {
  Restored restored;
  TRY(restored.key, restore_cache(request, job));
  if (!restored.key) {
    // Without a match `cache-hit` is not set at all (actions/cache#1466).
    if (is_true(call.input("fail-on-cache-miss"))) {
      restored.outcome.failure = base::invalid_input(fmt::format(
          "Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {}", request.key));
      return restored;
    }
    auto keys = request.restore_keys;
    keys.insert(keys.begin(), request.key);
    job.log->line(LineKind::output,
                  fmt::format("Cache not found for input keys: {}", base::join(keys, ", ")));
    return restored;
  }
  const bool is_exact = base::equals_ignoring_case(*restored.key, request.key);
  restored.outcome.outputs["cache-hit"] = is_exact ? "true" : "false";
  job.log->line(LineKind::output, fmt::format("{}: {}",
                                              request.lookup_only ? "Cache found and can be restored from key"
                                                                  : "Cache restored from key",
                                              *restored.key));
  return restored;
}

// What goes wrong with saving fails no step.
Result<void> save(const CacheRequest& request, RunningJob& job) {
  const auto saved = save_cache(request, job);
  if (!saved && saved.error().kind == base::ErrorKind::cancelled) return saved.error();
  if (!saved) {
    job.log->annotation({LineKind::warning, saved.error().to_string(), "", ""});
  } else if (*saved) {
    job.log->line(LineKind::output, fmt::format("Cache saved with key: {}", request.key));
  }
  return {};
}

}  // namespace

Result<ActionOutcome> cache_restore(const ActionCall& call, RunningJob& job) {
  TRY(const auto request, request_of(call));
  TRY(auto restored, restore(call, request, job));
  // In the order in which the original sets them.
  Outputs outputs;
  outputs["cache-primary-key"] = request.key;
  if (restored.key) outputs["cache-matched-key"] = *restored.key;
  for (const auto& [name, value] : restored.outcome.outputs) outputs[name] = value;
  restored.outcome.outputs = std::move(outputs);
  return std::move(restored.outcome);
}

Result<ActionOutcome> cache_save(const ActionCall& call, RunningJob& job) {
  TRY(const auto request, request_of(call));
  TRY(save(request, job));
  return ActionOutcome();
}

Result<ActionOutcome> cache(const ActionCall& call, RunningJob& job) {
  TRY(auto request, request_of(call));
  TRY(auto restored, restore(call, request, job));
  auto outcome = std::move(restored.outcome);
  if (outcome.failure) return outcome;
  request.stop = {};
  PostStep post;
  post.name = "Post " + call.step_name;
  post.condition = is_true(call.input("save-always")) ? "always()" : "success()";
  post.run = [request, matched = restored.key](RunningJob& running) -> Result<void> {
    if (matched && base::equals_ignoring_case(*matched, request.key)) {
      running.log->line(
          LineKind::output,
          fmt::format("Cache hit occurred on the primary key {}, not saving cache.", request.key));
      return {};
    }
    return save(request, running);
  };
  outcome.post = std::move(post);
  return outcome;
}

}  // namespace steps::builtin
