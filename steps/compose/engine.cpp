#include "steps/compose/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/docker_command.h"
#include "steps/docker_question.h"

namespace steps::compose {

namespace {

using base::Result;

Container described(const base::Json& json) {
  const base::Json& state = base::json_member(json, "State");
  const base::Json& labels = base::json_member(base::json_member(json, "Config"), "Labels");
  const std::string name = base::json_string(json, "Name");
  return {.id = base::json_string(json, "Id"),
          .name = name.starts_with('/') ? name.substr(1) : name,
          .service = base::json_string(labels, kServiceLabel),
          .digest = base::json_string(labels, kDigestLabel),
          .status = base::json_string(state, "Status"),
          .health = base::json_string(base::json_member(state, "Health"), "Status"),
          .exit_code = static_cast<int>(base::json_integer(state, "ExitCode", 0)),
          .one_off = base::json_string(labels, kOneOffLabel) == "True"};
}

Result<void> to_stderr(FrameKind, std::string_view bytes) {
  return base::write_all(STDERR_FILENO, bytes);
}

}  // namespace

Result<int> ask(const Asked& asked, const DockerOutput& output) {
  TRY(const auto command, parse_docker_command(asked.arguments));
  TRY(auto question, prepare_question(command, asked.arguments));
  for (const auto& [name, value] : asked.more.items()) {
    // What the arguments say of the environment wins.
    base::Json whole = value;
    if (name == "environment" && question.more.contains(name)) whole.update(question.more[name]);
    question.more[name] = std::move(whole);
  }
  TRY(const auto result, ask_docker(question, output ? output : to_stderr));
  return static_cast<int>(base::json_integer(result, "exit_code", 1));
}

Result<std::string> output_of(const Asked& asked) {
  std::string out, errors;
  TRY(const int code, ask(asked, [&](FrameKind kind, std::string_view bytes) -> Result<void> {
        (kind == FrameKind::output ? out : errors) += bytes;
        return {};
      }));
  if (code == 0) return out;
  return base::make_error(base::ErrorKind::remote, std::string(base::trim(errors)));
}

Result<std::vector<Container>> containers_of(const std::string& project) {
  TRY(const auto ids,
      output_of({.arguments = {"ps", "-aq", "--no-trunc",
                               fmt::format("--filter=label={}={}", kProjectLabel, project)}}));
  Asked asked{.arguments = {"inspect"}};
  for (const auto id : base::lines_of(ids)) asked.arguments.emplace_back(id);
  std::vector<Container> found;
  if (asked.arguments.size() == 1) return found;
  TRY(const auto text, output_of(asked));
  TRY(const auto all, base::parse_json(text));
  for (const base::Json& json : all) found.push_back(described(json));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

}  // namespace steps::compose
