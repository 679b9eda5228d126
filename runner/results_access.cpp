#include "runner/results_access.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "workflow/plan.h"
#include "workflow/workflow.h"

namespace runner {

namespace {

constexpr std::string_view kBranches = "refs/heads/";

void add_scope(std::vector<std::string>& scopes, std::string scope) {
  if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(std::move(scope));
}

std::string default_branch(const workflow::expression::Value& github) {
  const auto branch = github.get("event").get("repository").get("default_branch");
  return std::string(kBranches) + (branch.is_null() ? "main" : branch.to_text());
}

workflow::CacheMode default_mode(const workflow::expression::Value& github) {
  return workflow::default_cache_mode(github.get("event_name").to_text(), github.get("ref").to_text(),
                                      default_branch(github));
}

}  // namespace

steps::ResultsAccess results_access(const workflow::expression::Value& github,
                                    const workflow::PlannedJob& planned, steps::BlobStore* store) {
  steps::ResultsAccess access;
  access.store = store;
  access.run_id = base::parse_integer(github.get("run_id").to_text()).value_or(0);
  access.job = planned.key;
  access.repository = github.get("repository").to_text();
  access.cache_scope = github.get("ref").to_text();
  add_scope(access.cache_scopes, access.cache_scope);
  if (const auto base = github.get("base_ref").to_text(); !base.empty())
    add_scope(access.cache_scopes, std::string(kBranches) + base);
  add_scope(access.cache_scopes, default_branch(github));
  access.cache_mode = planned.job->cache_mode.value_or(default_mode(github));
  return access;
}

void say_cache_mode(const workflow::expression::Value& github, const workflow::PlannedJob& planned,
                    steps::LogSink& log) {
  const auto without = default_mode(github);
  const auto mode = planned.job->cache_mode.value_or(without);
  log.line(steps::LineKind::detail, fmt::format("Cache mode: {}", workflow::name_of(mode)));
  if (!workflow::may_save(mode) || workflow::may_save(without)) return;
  log.annotation(
      {.level = steps::LineKind::warning,
       .message = fmt::format("cache-mode: {} lets a run of {}, which others than collaborators can "
                              "cause, save caches that runs of the default branch restore.",
                              workflow::name_of(mode), github.get("event_name").to_text())});
}

}  // namespace runner
