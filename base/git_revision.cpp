#include "base/git_revision.h"

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string_view>

#include "base/git_handles.h"

namespace base {

namespace {

using git::Object;
using git::Reference;
using git::Repository;

GitSignature signature_of(const git_signature& from) {
  const auto seconds = static_cast<std::time_t>(from.when.time + from.when.offset * 60);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  const int offset = std::abs(from.when.offset);
  return {.name = from.name,
          .email = from.email,
          .time = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", parts.tm_year + 1900,
                              parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                              from.when.offset < 0 ? '-' : '+', offset / 60, offset % 60)};
}

Result<Repository> open_at(const Path& work_tree) {
  git::initialize();
  git_repository* raw = nullptr;
  if (const int code = git_repository_open(&raw, work_tree.c_str()); code != 0)
    return git::error_of(fmt::format("cannot open the git repository {}", work_tree.string()), code);
  return Repository(raw);
}

bool has_reference(git_repository* repository, const std::string& name) {
  git_reference* raw = nullptr;
  if (git_reference_lookup(&raw, repository, name.c_str()) != 0) return false;
  const Reference reference(raw);
  return true;
}

/// What a symbolic reference names, without the prefix; empty where it names nothing of the kind.
std::string target_below(git_repository* repository, const char* name, std::string_view prefix) {
  git_reference* raw = nullptr;
  if (git_reference_lookup(&raw, repository, name) != 0) return "";
  const Reference reference(raw);
  const char* target = git_reference_symbolic_target(raw);
  if (target == nullptr || !std::string_view(target).starts_with(prefix)) return "";
  return target + prefix.size();
}

}  // namespace

Result<std::optional<CommitFacts>> read_commit(const Path& work_tree, const std::string& revision) {
  TRY(const auto repository, open_at(work_tree));
  git_object* raw = nullptr;
  if (git_revparse_single(&raw, repository.get(), (revision + "^{commit}").c_str()) != 0)
    return std::optional<CommitFacts>();
  const Object object(raw);
  const auto* commit = reinterpret_cast<const git_commit*>(raw);
  CommitFacts facts{.id = git::to_string(*git_commit_id(commit)),
                    .tree = git::to_string(*git_commit_tree_id(commit)),
                    .message = git_commit_message(commit),
                    .author = signature_of(*git_commit_author(commit)),
                    .committer = signature_of(*git_commit_committer(commit))};
  for (unsigned i = 0; i < git_commit_parentcount(commit); ++i)
    facts.parents.push_back(git::to_string(*git_commit_parent_id(commit, i)));
  return std::optional(std::move(facts));
}

Result<std::string> default_branch(const Path& work_tree) {
  TRY(const auto repository, open_at(work_tree));
  auto named = target_below(repository.get(), "refs/remotes/origin/HEAD", "refs/remotes/origin/");
  if (!named.empty()) return named;
  for (const auto* usual : {"main", "master"}) {
    if (has_reference(repository.get(), fmt::format("refs/heads/{}", usual))) return std::string(usual);
  }
  auto current = target_below(repository.get(), "HEAD", "refs/heads/");
  return current.empty() ? "main" : current;
}

}  // namespace base
