#include "steps/step_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "steps/problem_matcher.h"
#include "steps/secret_masker.h"

namespace steps {
namespace {

constexpr int kAnnotationsPerLevel = 10;
constexpr std::size_t kMaximumMatcherFile = 1U << 20;
constexpr std::size_t kMaximumKept = 32U << 20;

bool is_true(const sandbox::EnvVars& environment, const char* name) {
  auto found = environment.find(name);
  return found != environment.end() && base::equals_ignoring_case(base::trim(found->second), "true");
}

bool starts_with_colons(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\v\f");
  return first != std::string_view::npos && line[first] == ':' && line.substr(first).starts_with("::");
}

}  // namespace

StepOutput::StepOutput(RunningJob& job, const sandbox::EnvVars& environment) : job_(job) {
  allow_unsecure_ = is_true(environment, "ACTIONS_ALLOW_UNSECURE_COMMANDS");
  if (job_.matchers) job_.matchers->begin_step();
}

// Nearly all output is neither command nor problem, so it is passed on in large pieces.
void StepOutput::lines(std::string_view block) {
  constexpr std::string_view kTag = "##[";
  std::size_t tag = block.find(kTag);
  std::size_t shown = 0;
  for (std::size_t begin = 0; begin <= block.size();) {
    const std::size_t end = std::min(block.find('\n', begin), block.size());
    const std::string_view text = block.substr(begin, end - begin);
    if (tag < end || starts_with_colons(text) || has_matchers()) {
      if (begin > shown) job_.log->output(block.substr(shown, begin - 1 - shown));
      line(text);
      shown = end + 1;
      if (tag < end) tag = block.find(kTag, end);
    }
    begin = end + 1;
  }
  if (shown <= block.size()) job_.log->output(block.substr(shown));
}

bool StepOutput::has_matchers() const {
  return job_.matchers && !job_.matchers->empty();
}

void StepOutput::line(std::string_view text) {
  auto command = parse_workflow_command(text, resume_token_);
  if (command && carry_out(*command, text)) return;
  if (has_matchers()) {
    if (auto problem = job_.matchers->match(text)) {
      annotate(*problem);
      return;
    }
  }
  show(text);
}

void StepOutput::show(std::string_view text) {
  constexpr std::string_view kCommandTag = "##[command]";
  if (text.starts_with(kCommandTag)) {
    job_.log->line(LineKind::command, text.substr(kCommandTag.size()));
  } else {
    job_.log->line(LineKind::output, text);
  }
}

void StepOutput::show_lines(LineKind kind, std::string_view text) {
  for (std::string_view part : base::lines_of(text)) job_.log->line(kind, part);
}

bool StepOutput::carry_out(const WorkflowCommand& command, std::string_view text) {
  if (!resume_token_.empty()) {
    if (!base::equals_ignoring_case(command.name, resume_token_)) return false;
    show(text);
    resume_token_.clear();
    return true;
  }
  const bool shows_itself = command.name == "group" || command.name == "endgroup" ||
                            command.name == "debug" || command.name == "error" || command.name == "warning" ||
                            command.name == "notice";
  const bool hides_itself = command.name == "add-mask" || command.name == "echo";
  if (command.name == "stop-commands" || (echo_ && !shows_itself && !hides_itself)) show(text);
  apply(command);
  return true;
}

void StepOutput::apply(const WorkflowCommand& command) {
  const std::string& name = command.name;
  if (name == "debug") return show_lines(LineKind::debug, command.data);
  if (name == "group") return show_lines(LineKind::group, command.data.substr(0, command.data.find('\n')));
  if (name == "endgroup") return job_.log->line(LineKind::endgroup, "");
  if (name == "error" || name == "warning" || name == "notice") return annotate(to_annotation(command));
  if (name == "stop-commands") return stop_commands(command);
  if (name == "echo") return echo(command);
  if (name == "add-matcher") return add_matcher(command);
  if (name == "remove-matcher") {
    if (job_.matchers) job_.matchers->remove(command.property("owner"));
    return;
  }
  kept_bytes_ += command.data.size() + 64;
  if (kept_bytes_ > kMaximumKept) return refuse(name, "the step's commands together hold more than 32 MiB");
  if (name == "add-mask") {
    if (base::trim(command.data).empty()) {
      annotate(
          {LineKind::warning, "Can't add secret mask for empty string in ##[add-mask] command.", "", ""});
    } else {
      job_.masker->add(command.data);
    }
    return;
  }
  set_value(command);
}

void StepOutput::annotate(const Annotation& annotation) {
  if (++annotations_[annotation.level] <= kAnnotationsPerLevel) {
    job_.log->annotation(annotation);
  } else {
    job_.log->line(annotation.level, annotation.message);
  }
}

void StepOutput::stop_commands(const WorkflowCommand& command) {
  const std::string token = base::to_lower(base::trim(command.data));
  if (token.empty() || token == "pause-logging" || is_workflow_command(token)) {
    return refuse("stop-commands",
                  "its token must not be empty, 'pause-logging' or the name of a command; use a random one");
  }
  resume_token_ = token;
  constexpr std::size_t kLongEnoughToMask = 6;
  if (token.size() > kLongEnoughToMask) job_.masker->add(base::trim(command.data));
}

void StepOutput::echo(const WorkflowCommand& command) {
  const std::string value = base::to_lower(base::trim(command.data));
  if (value != "on" && value != "off") {
    return refuse("echo", fmt::format("it takes 'on' or 'off', not '{}'", command.data));
  }
  echo_ = value == "on";
}

void StepOutput::add_matcher(const WorkflowCommand& command) {
  std::string path(base::trim(command.data));
  if (path.empty()) return refuse("add-matcher", "it names no file");
  if (path.front() != '/') path = job_.folders.workspace.inside + "/" + path;
  auto text = read_job_file(job_.folders, path, kMaximumMatcherFile);
  if (!text) return refuse("add-matcher", text.error().to_string());
  if (!job_.matchers) job_.matchers = std::make_shared<ProblemMatchers>();
  auto added = job_.matchers->add(*text);
  if (!added) refuse("add-matcher", fmt::format("{}: {}", path, added.error().to_string()));
}

bool StepOutput::unsecure_allowed(std::string_view command) {
  if (allow_unsecure_) return true;
  refuse(command, fmt::format("it is disabled since any output could use it. Write to ${} instead, or set "
                              "ACTIONS_ALLOW_UNSECURE_COMMANDS to true",
                              command == "set-env" ? "GITHUB_ENV" : "GITHUB_PATH"));
  return false;
}

void StepOutput::set_value(const WorkflowCommand& command) {
  if (command.name == "add-path") {
    if (!unsecure_allowed(command.name)) return;
    if (command.data.empty()) return refuse("add-path", "it names no folder");
    effects_.search_path.push_back(command.data);
    return;
  }
  const std::string key = command.property("name");
  if (command.name == "set-env" && !unsecure_allowed(command.name)) return;
  if (key.empty()) return refuse(command.name, "Required field 'name' is missing");
  if (command.name == "set-env") {
    effects_.environment.emplace_back(key, command.data);
  } else if (command.name == "set-output") {
    effects_.outputs[key] = command.data;
  } else {
    effects_.state.emplace_back(key, command.data);
  }
}

void StepOutput::refuse(std::string_view name, std::string_view why) {
  annotate(
      {LineKind::error, fmt::format("Unable to process command '{}' successfully: {}.", name, why), "", ""});
  effects_.failed = true;
}

}  // namespace steps
