#include "server/forge_words.h"

#include "base/json.h"
#include "base/strings.h"

namespace server {

namespace {

using base::Json;
using base::json_member;
using base::json_string;

Json gitlab_repository(const Json& payload) {
  const auto& project = json_member(payload, "project");
  return {{"full_name", json_string(project, "path_with_namespace")},
          {"name", json_string(project, "name")},
          {"default_branch", json_string(project, "default_branch", "main")},
          {"clone_url", json_string(project, "git_http_url")},
          {"html_url", json_string(project, "web_url")}};
}

Json gitlab_push(const Json& payload) {
  const auto after = json_string(payload, "after");
  Json commits = Json::array();
  for (const auto& commit : json_member(payload, "commits")) commits.push_back(commit);
  Json push = {{"ref", json_string(payload, "ref")},
               {"before", json_string(payload, "before")},
               {"after", after},
               {"deleted", after.find_first_not_of('0') == std::string::npos},
               {"commits", commits},
               {"pusher", {{"name", json_string(payload, "user_username")}}}};
  // Of an annotated tag `after` is the tag's object; checkout_sha is the commit.
  if (const auto commit = json_string(payload, "checkout_sha"); !commit.empty()) {
    push["head_commit"] = {{"id", commit}, {"message", ""}};
    for (const auto& one : commits) {
      if (json_string(one, "id") == commit) push["head_commit"]["message"] = json_string(one, "message");
    }
  }
  return push;
}

std::string pull_request_action(const Json& attributes) {
  const auto action = json_string(attributes, "action");
  if (action == "open") return "opened";
  if (action == "reopen") return "reopened";
  if (action == "close" || action == "merge") return "closed";
  // An update with `oldrev` brought commits; without it somebody changed the text.
  if (action == "update") return attributes.contains("oldrev") ? "synchronize" : "edited";
  return action;
}

Json gitlab_pull_request(const Json& payload) {
  const auto& attributes = json_member(payload, "object_attributes");
  const auto side = [&](const char* branch, const char* project) {
    return Json{
        {"ref", json_string(attributes, branch)},
        {"repo", {{"full_name", json_string(json_member(attributes, project), "path_with_namespace")}}}};
  };
  Json head = side("source_branch", "source");
  head["sha"] = json_string(json_member(attributes, "last_commit"), "id");
  const auto number = base::json_integer(attributes, "iid");
  return {{"action", pull_request_action(attributes)},
          {"number", number},
          {"pull_request",
           {{"number", number},
            {"title", json_string(attributes, "title")},
            {"draft", base::json_bool(attributes, "draft")},
            {"merged", json_string(attributes, "action") == "merge"},
            {"head", head},
            {"base", side("target_branch", "target")}}}};
}

}  // namespace

Json in_githubs_words_from_gitea(Json payload, std::string& event) {
  if (event == "pull_request_sync") event = "pull_request";
  if (json_string(payload, "action") == "synchronized") payload["action"] = "synchronize";
  return payload;
}

Json in_githubs_words_from_gitlab(const Json& payload, std::string& event) {
  const auto kind = json_string(payload, "object_kind");
  Json told = payload;
  if (kind == "push" || kind == "tag_push") {
    event = "push";
    told = gitlab_push(payload);
  } else if (kind == "merge_request") {
    event = "pull_request";
    told = gitlab_pull_request(payload);
  }
  told["repository"] = gitlab_repository(payload);
  auto login = json_string(payload, "user_username");
  if (login.empty()) login = json_string(json_member(payload, "user"), "username");
  told["sender"] = {{"login", login}};
  return told;
}

}  // namespace server
