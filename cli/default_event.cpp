#include "cli/default_event.h"

#include <fmt/format.h>

#include <utility>

#include "base/git_revision.h"
#include "base/strings.h"

namespace cli {

namespace {

using base::Json;

constexpr const char* kServer = "https://github.com/";
constexpr const char* kApi = "https://api.github.com/";

std::string branch_of(const base::RepositoryState& repository) {
  return repository.branch.empty() ? "main" : repository.branch;
}

Json person(const base::GitSignature& signature) {
  return {{"name", signature.name}, {"email", signature.email}, {"date", signature.time}};
}

Json user(const std::string& login) {
  return {
      {"login", login}, {"type", "User"}, {"html_url", kServer + login}, {"url", kApi + ("users/" + login)}};
}

/// Makes the payloads of one working tree.
class Payloads {
 public:
  Payloads(const DefaultEvent& event, const base::RepositoryState& state, std::string default_branch)
      : event_(event), state_(state), default_branch_(std::move(default_branch)) {}

  base::Result<void> read_commits() {
    TRY(head_, base::read_commit(state_.work_tree, "HEAD"));
    for (const auto& name : {"refs/heads/" + default_branch_, "refs/remotes/origin/" + default_branch_}) {
      if (base_) break;
      TRY(base_, base::read_commit(state_.work_tree, name));
    }
    return {};
  }

  [[nodiscard]] Json repository() const {
    const auto& name = event_.repository;
    const auto slash = name.find('/');
    return {{"full_name", name},
            {"name", name.substr(slash + 1)},
            {"owner", user(name.substr(0, slash))},
            {"default_branch", default_branch_},
            {"private", true},
            {"visibility", "private"},
            {"fork", false},
            {"archived", false},
            {"description", nullptr},
            {"license", nullptr},
            {"topics", Json::array()},
            {"html_url", kServer + name},
            {"url", kApi + ("repos/" + name)},
            {"clone_url", state_.origin_url.value_or("")}};
  }

  [[nodiscard]] Json sender() const { return user(event_.actor); }

  // As if the last commit had been pushed by itself.
  [[nodiscard]] Json push() const {
    const auto ref = ref_of(state_);
    const bool is_new = ref.starts_with("refs/tags/") || !head_ || head_->parents.empty();
    const std::string before = is_new ? std::string(40, '0') : head_->parents.front();
    Json payload = {{"ref", ref},
                    {"before", before},
                    {"after", state_.head_commit},
                    {"created", is_new},
                    {"deleted", false},
                    {"forced", false},
                    {"base_ref", nullptr},
                    {"compare", fmt::format("{}{}/compare/{}...{}", kServer, event_.repository,
                                            before.substr(0, 12), state_.head_commit.substr(0, 12))},
                    {"commits", Json::array()},
                    {"head_commit", nullptr},
                    {"pusher", {{"name", event_.actor}, {"email", state_.author_email}}}};
    if (head_) payload["head_commit"] = commit(*head_);
    if (head_) payload["commits"].push_back(payload["head_commit"]);
    return payload;
  }

  [[nodiscard]] Json pull_request() const {
    const auto message = base::trim(state_.head_message);
    const auto subject = message.substr(0, message.find('\n'));
    const auto body = base::trim(message.substr(subject.size()));
    const auto page = fmt::format("{}{}/pull/1", kServer, event_.repository);
    return {{"number", 1},
            {"state", "open"},
            {"title", std::string(subject)},
            {"body", body.empty() ? Json() : Json(std::string(body))},
            {"user", sender()},
            {"html_url", page},
            {"diff_url", page + ".diff"},
            {"patch_url", page + ".patch"},
            {"url", fmt::format("{}repos/{}/pulls/1", kApi, event_.repository)},
            {"draft", false},
            {"merged", false},
            {"merged_at", nullptr},
            {"merge_commit_sha", nullptr},
            {"mergeable", nullptr},
            {"labels", Json::array()},
            {"assignees", Json::array()},
            {"requested_reviewers", Json::array()},
            {"milestone", nullptr},
            {"auto_merge", nullptr},
            {"author_association", "OWNER"},
            {"head", side(branch_of(state_), state_.head_commit)},
            {"base", side(default_branch_, base_ ? base_->id : state_.head_commit)}};
  }

  [[nodiscard]] const std::string& default_branch() const { return default_branch_; }

 private:
  [[nodiscard]] Json commit(const base::CommitFacts& facts) const {
    return {{"id", facts.id},
            {"tree_id", facts.tree},
            {"distinct", true},
            {"message", std::string(base::trim(facts.message))},
            {"timestamp", facts.committer.time},
            {"url", fmt::format("{}{}/commit/{}", kServer, event_.repository, facts.id)},
            {"author", person(facts.author)},
            {"committer", person(facts.committer)}};
  }

  [[nodiscard]] Json side(const std::string& branch, const std::string& sha) const {
    const auto owner = event_.repository.substr(0, event_.repository.find('/'));
    return {{"label", owner + ":" + branch},
            {"ref", branch},
            {"sha", sha},
            {"user", user(owner)},
            {"repo", repository()}};
  }

  const DefaultEvent& event_;
  const base::RepositoryState& state_;
  std::string default_branch_;
  std::optional<base::CommitFacts> head_;
  std::optional<base::CommitFacts> base_;  ///< of the default branch
};

Json payload_of(const std::string& event, const base::RepositoryState& state, const Payloads& payloads) {
  const auto ref = ref_of(state);
  if (event == "push") return payloads.push();
  if (event.starts_with("pull_request")) {
    Json payload = {{"number", 1}, {"pull_request", payloads.pull_request()}};
    if (event == "pull_request" || event == "pull_request_target") payload["action"] = "opened";
    return payload;
  }
  if (event == "workflow_dispatch") return {{"ref", ref}};
  if (event == "create")
    return {{"ref", ref}, {"ref_type", ref.starts_with("refs/tags/") ? "tag" : "branch"}};
  if (event == "release" && state.tag) {
    return {{"release",
             {{"tag_name", *state.tag},
              {"name", *state.tag},
              {"target_commitish", payloads.default_branch()},
              {"draft", false},
              {"prerelease", false}}}};
  }
  if (event == "merge_group") {
    return {{"merge_group",
             {{"head_ref", ref},
              {"head_sha", state.head_commit},
              {"base_ref", "refs/heads/" + payloads.default_branch()}}}};
  }
  if (event.starts_with("deployment")) return {{"deployment", {{"ref", ref}, {"sha", state.head_commit}}}};
  return Json::object();
}

}  // namespace

std::string ref_of(const base::RepositoryState& repository) {
  if (repository.branch.empty() && repository.tag) return "refs/tags/" + *repository.tag;
  return "refs/heads/" + branch_of(repository);
}

base::Result<Json> default_payload(const DefaultEvent& event, const base::RepositoryState& repository) {
  // A folder without git has no past to ask.
  const bool has_commits = repository.head_commit.find_first_not_of('0') != std::string::npos;
  auto branch = has_commits ? base::default_branch(repository.work_tree) : branch_of(repository);
  if (!branch) return std::move(branch).error();
  Payloads payloads(event, repository, std::move(*branch));
  if (has_commits) TRY(payloads.read_commits());
  auto payload = payload_of(event.name, repository, payloads);
  payload["repository"] = payloads.repository();
  payload["sender"] = payloads.sender();
  return payload;
}

}  // namespace cli
