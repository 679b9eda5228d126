#include "cli/run_inputs.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/value.h"

namespace cli {

namespace {

std::string unquoted(std::string_view text) {
  text = base::trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

base::Json commit_of(const base::RepositoryState& repository) {
  return {{"id", repository.head_commit},
          {"message", repository.head_message},
          {"author", {{"name", repository.author_name}, {"email", repository.author_email}}}};
}

base::Json repository_of(const base::RepositoryState& repository, const std::string& name) {
  const auto slash = name.find('/');
  return {{"full_name", name},
          {"name", name.substr(slash + 1)},
          {"owner", {{"login", name.substr(0, slash)}}},
          {"default_branch", "main"},
          {"clone_url", repository.origin_url.value_or("")}};
}

std::string branch_of(const base::RepositoryState& repository) {
  return repository.branch.empty() ? "main" : repository.branch;
}

base::Json default_payload(const RunFlags& flags, const base::RepositoryState& repository,
                           const std::string& name) {
  base::Json payload;
  const auto branch = branch_of(repository);
  if (flags.event == "push") {
    payload["ref"] =
        repository.branch.empty() && repository.tag ? "refs/tags/" + *repository.tag : "refs/heads/" + branch;
    payload["after"] = repository.head_commit;
    payload["head_commit"] = commit_of(repository);
    payload["commits"] = base::Json::array({commit_of(repository)});
    payload["pusher"] = {{"name", repository.author_name}, {"email", repository.author_email}};
  } else if (flags.event == "pull_request" || flags.event == "pull_request_target") {
    payload["action"] = "opened";
    payload["number"] = 1;
    payload["pull_request"] = {{"number", 1},
                               {"title", std::string(base::trim(repository.head_message))},
                               {"head", {{"ref", branch}, {"sha", repository.head_commit}}},
                               {"base", {{"ref", "main"}}}};
  }
  payload["repository"] = repository_of(repository, name);
  return payload;
}

}  // namespace

base::Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& pairs,
                                                             BareName bare) {
  std::map<std::string, std::string> result;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    const auto name = pair.substr(0, equals);
    if (name.empty()) return base::invalid_input("expected NAME=VALUE, found a value without a name");
    if (equals != std::string::npos) {
      result[name] = pair.substr(equals + 1);
      continue;
    }
    const char* value = bare == BareName::from_environment ? std::getenv(name.c_str()) : nullptr;
    if (value == nullptr) {
      return base::invalid_input(
          bare == BareName::from_environment
              ? fmt::format("the secret {} has no value: set the environment variable {}, or give {}=VALUE",
                            name, name, name)
              : fmt::format("expected {}=VALUE, found only the name", name));
    }
    result[name] = value;
  }
  return result;
}

base::Result<std::map<std::string, std::string>> read_pairs_file(const std::string& file) {
  std::map<std::string, std::string> result;
  TRY(const auto content, base::read_file(file));
  int number = 0;
  for (const auto line : base::lines_of(content)) {
    ++number;
    auto text = base::trim(line);
    if (text.starts_with("export ")) text = base::trim(text.substr(7));
    if (text.empty() || text.starts_with('#')) continue;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      // The line may be a secret: it is not shown.
      auto error = base::invalid_input("expected NAME=VALUE");
      error.location = base::Location{file, number, 1};
      return error;
    }
    result[std::string(base::trim(text.substr(0, equals)))] = unquoted(text.substr(equals + 1));
  }
  return result;
}

base::Result<workflow::Event> make_event(const RunFlags& flags, const base::RepositoryState& repository,
                                         const std::string& name) {
  base::Json payload = default_payload(flags, repository, name);
  if (!flags.event_file.empty()) {
    TRY(const auto text, base::read_file(flags.event_file));
    TRY(payload, base::parse_json(text).while_doing("reading the event " + flags.event_file));
  }
  workflow::Event event{
      .name = flags.event, .sha = repository.head_commit, .action = base::json_string(payload, "action")};
  const auto& pull_request = base::json_member(payload, "pull_request");
  if (pull_request.is_object()) {
    event.base_ref = base::json_string(base::json_member(pull_request, "base"), "ref", "main");
    event.head_ref = base::json_string(base::json_member(pull_request, "head"), "ref");
    event.ref = fmt::format("refs/pull/{}/merge", base::json_integer(payload, "number", 1));
  } else {
    event.ref = base::json_string(payload, "ref", "refs/heads/" + branch_of(repository));
    if (!event.ref.starts_with("refs/")) event.ref = "refs/heads/" + event.ref;
  }
  if (flags.event == "push" && !flags.event_file.empty())
    event.sha = base::json_string(payload, "after", event.sha);
  if (flags.event == "workflow_dispatch") {
    TRY(const auto inputs, parse_pairs(flags.inputs, BareName::refused));
    for (const auto& [input, value] : inputs) payload["inputs"][input] = value;
  }
  event.payload = workflow::expression::from_json(payload);
  return event;
}

std::string repository_name(const base::RepositoryState& repository) {
  const auto folder = repository.work_tree.filename().string();
  auto local = "local/" + (folder.empty() ? "repository" : folder);
  if (!repository.origin_url) return local;
  std::string url = *repository.origin_url;
  if (url.ends_with(".git")) url.resize(url.size() - 4);
  const auto parts = base::split(base::replace_all(url, ":", "/"), '/');
  if (url.find("://") == std::string::npos && url.find('@') == std::string::npos) return local;  // a path
  if (parts.size() < 2 || parts[parts.size() - 2].empty()) return local;
  return parts[parts.size() - 2] + "/" + parts.back();
}

base::Result<std::uint64_t> parse_size(const std::string& text) {
  if (text.empty()) return std::uint64_t{0};
  std::uint64_t unit = 1;
  std::string digits = base::to_lower(text);
  const char last = digits.back();
  if (last == 'k') unit = 1ULL << 10;
  if (last == 'm') unit = 1ULL << 20;
  if (last == 'g') unit = 1ULL << 30;
  if (unit > 1) digits.pop_back();
  const auto number = base::parse_integer(digits);
  if (!number || *number <= 0 || *number > (1LL << 30)) {
    return base::invalid_input(fmt::format("expected a size like 512m or 2g, found '{}'", text));
  }
  return static_cast<std::uint64_t>(*number) * unit;
}

}  // namespace cli
