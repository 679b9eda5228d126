#include "runner/results_access.h"

#include <algorithm>

#include "base/strings.h"

namespace runner {

namespace {

constexpr std::string_view kBranches = "refs/heads/";

void add_scope(std::vector<std::string>& scopes, std::string scope) {
  if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(std::move(scope));
}

}  // namespace

steps::ResultsAccess results_access(const workflow::expression::Value& github, const std::string& job,
                                    steps::BlobStore* store) {
  steps::ResultsAccess access;
  access.store = store;
  access.run_id = base::parse_integer(github.get("run_id").to_text()).value_or(0);
  access.job = job;
  access.repository = github.get("repository").to_text();
  access.cache_scope = github.get("ref").to_text();
  add_scope(access.cache_scopes, access.cache_scope);
  if (const auto base = github.get("base_ref").to_text(); !base.empty())
    add_scope(access.cache_scopes, std::string(kBranches) + base);
  const auto branch = github.get("event").get("repository").get("default_branch");
  add_scope(access.cache_scopes, std::string(kBranches) + (branch.is_null() ? "main" : branch.to_text()));
  return access;
}

}  // namespace runner
