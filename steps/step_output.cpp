#include "steps/step_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "steps/annotation_place.h"
#include "steps/problem_matcher.h"
#include "steps/secret_masker.h"

namespace steps {
namespace {

constexpr int kAnnotationsPerLevel = 10;
constexpr std::size_t kMaximumMatcherFile = 1U << 20;
constexpr std::size_t kMaximumKept = 32U << 20;
constexpr std::size_t kMaximumShownCommand = 2000;

bool is_true(const sandbox::EnvVars& environment, const char* name) {
  auto found = environment.find(name);
  return found != environment.end() && base::equals_ignoring_case(base::trim(found->second), "true");
}

/// The lines of a block that may be commands. Nearly all output is none, and so passed over without looking
/// for where its lines end.
class LinesToLookAt {
 public:
  explicit LinesToLookAt(std::string_view block) : block_(block) {}

  /// Where the first of them begins, at `from` or behind it; npos: there is none.
  std::size_t next(std::size_t from) {
    if (!looked_ || tag_ < from) tag_ = beginning_of_line(block_.find("##[", from));
    if (!looked_ || colons_ < from) colons_ = next_colons(from);
    looked_ = true;
    return std::min(tag_, colons_);
  }

 private:
  [[nodiscard]] std::size_t beginning_of_line(std::size_t place) const {
    return place == std::string_view::npos ? place : base::find_last(block_.substr(0, place), '\n') + 1;
  }

  // Those with nothing but blanks before them.
  [[nodiscard]] std::size_t next_colons(std::size_t from) const {
    constexpr std::string_view kBlanks = " \t\v\f";
    for (std::size_t at = from; (at = base::find_twice(block_, ':', at)) != std::string_view::npos; ++at) {
      const std::size_t before = block_.substr(0, at).find_last_not_of(kBlanks);
      if (before == std::string_view::npos) return 0;
      if (block_[before] == '\n') return before + 1;
    }
    return std::string_view::npos;
  }

  std::string_view block_;
  bool looked_ = false;
  std::size_t tag_ = 0;
  std::size_t colons_ = 0;
};

/// What actions/runner's StringUtil.ConvertToBoolean takes for true.
bool is_truthy(const sandbox::EnvVars& environment, const char* name) {
  auto found = environment.find(name);
  return found != environment.end() &&
         (found->second == "1" || base::equals_ignoring_case(found->second, "true") ||
          base::equals_ignoring_case(found->second, "$true"));
}

}  // namespace

StepOutput::StepOutput(RunningJob& job, const sandbox::EnvVars& environment) : job_(job) {
  allow_unsecure_ = is_true(environment, "ACTIONS_ALLOW_UNSECURE_COMMANDS");
  allow_unsecure_tokens_ = is_truthy(environment, "ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS");
  if (job_.matchers) job_.matchers->begin_step();
}

// Nearly all output is neither command nor problem, so it is passed on in large pieces.
void StepOutput::lines(std::string_view block) {
  LinesToLookAt to_look_at(block);
  for (std::size_t shown = 0; shown <= block.size();) {
    const std::size_t begin = has_matchers() ? shown : std::min(to_look_at.next(shown), block.size() + 1);
    if (begin > shown) job_.log->output(block.substr(shown, begin - 1 - shown));
    if (begin > block.size()) return;
    const std::size_t end = std::min(block.find('\n', begin), block.size());
    line(block.substr(begin, end - begin));
    shown = end + 1;
  }
}

bool StepOutput::has_matchers() const {
  return job_.matchers && !job_.matchers->empty();
}

void StepOutput::line(std::string_view text) {
  auto command = parse_workflow_command(text, resume_token_.value_or(""));
  if (command && carry_out(*command, text)) return;
  if (has_matchers()) {
    if (auto problem = job_.matchers->match(text)) {
      problem->annotation.file = path_in_repository(job_, problem->annotation.file, problem->from_path);
      annotate(problem->annotation);
      return;
    }
  }
  show(text);
}

void StepOutput::show(std::string_view text) {
  constexpr std::string_view kCommandTag = "##[command]";
  if (text.starts_with(kCommandTag)) {
    job_.log->line(LineKind::command, text.substr(kCommandTag.size()));
  } else if (text.find("##[start-action") != std::string_view::npos ||
             text.find("##[end-action") != std::string_view::npos) {
    // The runner's own markers of composite steps: nothing that a step prints may look like them.
    job_.log->line(LineKind::output,
                   base::replace_all(base::replace_all(text, "##[start-action", "##[\\start-action"),
                                     "##[end-action", "##[\\end-action"));
  } else {
    job_.log->line(LineKind::output, text);
  }
}

void StepOutput::show_lines(LineKind kind, std::string_view text) {
  for (std::string_view part : base::lines_of(text)) job_.log->line(kind, part);
}

bool StepOutput::carry_out(const WorkflowCommand& command, std::string_view text) {
  if (resume_token_) {
    if (resume_token_->empty() || !base::equals_ignoring_case(command.name, *resume_token_)) return false;
    show(text);
    resume_token_.reset();
    return true;
  }
  // OmitEcho of actions/runner's command extensions.
  const bool shows_itself = command.name == "debug" || command.name == "error" || command.name == "warning" ||
                            command.name == "notice" || command.name == "add-mask" ||
                            command.name == "stop-commands";
  if (echo_ && !shows_itself) show(text);
  line_ = text;
  apply(command);
  return true;
}

void StepOutput::apply(const WorkflowCommand& command) {
  const std::string& name = command.name;
  if (name == "debug") return show_lines(LineKind::debug, command.data);
  if (name == "group") return show_lines(LineKind::group, command.data.substr(0, command.data.find('\n')));
  if (name == "endgroup") return job_.log->line(LineKind::endgroup, "");
  if (name == "error" || name == "warning" || name == "notice") {
    Annotation annotation = to_annotation(command);
    annotation.file = path_in_workspace(job_, annotation.file);
    return annotate(annotation);
  }
  if (name == "stop-commands") return stop_commands(command);
  if (name == "echo") return echo(command);
  if (name == "add-matcher") return add_matcher(command);
  if (name == "remove-matcher") return remove_matcher(command);
  kept_bytes_ += command.data.size() + 64;
  if (kept_bytes_ > kMaximumKept) return refuse("The step's commands together hold more than 32 MiB.");
  if (name == "add-mask") return add_mask(command);
  set_value(command);
}

void StepOutput::add_mask(const WorkflowCommand& command) {
  if (base::trim(command.data).empty())
    return warn("Can't add secret mask for empty string in ##[add-mask] command.");
  if (echo_) show("::add-mask::***");
  job_.masker->add(command.data);
}

void StepOutput::annotate(const Annotation& annotation) {
  if (++annotations_[annotation.level] <= kAnnotationsPerLevel) {
    job_.log->annotation(annotation);
  } else {
    job_.log->line(annotation.level, annotation.log_line.empty() ? annotation.message : annotation.log_line);
  }
}

void StepOutput::stop_commands(const WorkflowCommand& command) {
  const std::string& token = command.data;
  const bool invalid =
      token.empty() || base::equals_ignoring_case(token, "pause-logging") || is_workflow_command(token);
  if (invalid && !allow_unsecure_tokens_) {
    annotate({LineKind::error,
              "You cannot use a endToken that is an empty string, the string 'pause-logging', or another "
              "workflow command. For more information see: "
              "https://docs.github.com/actions/learn-github-actions/workflow-commands-for-github-actions"
              "#example-stopping-and-starting-workflow-commands or opt into insecure command execution by "
              "setting the `ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS` environment variable to `true`.",
              "", ""});
    effects_.failed = true;
    return;
  }
  constexpr std::size_t kLongEnoughToMask = 6;
  if (token.size() > kLongEnoughToMask) job_.masker->add(token);
  show(line_);
  resume_token_ = token;
}

void StepOutput::echo(const WorkflowCommand& command) {
  if (command.data.empty()) return refuse("Value cannot be null. (Parameter 'value')");
  const std::string value = base::to_lower(base::trim(command.data));
  if (value != "on" && value != "off") {
    return refuse(fmt::format(
        "Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '{}'.",
        command.data));
  }
  echo_ = value == "on";
}

std::string StepOutput::path_of(std::string_view file) const {
  return file.front() == '/' ? std::string(file) : job_.folders.workspace.inside + "/" + std::string(file);
}

base::Result<std::string> StepOutput::read_matchers(const std::string& path) {
  auto text = read_job_file(job_.folders, path, kMaximumMatcherFile);
  if (!text && text.error().kind == base::ErrorKind::not_found)
    return base::make_error(base::ErrorKind::not_found, fmt::format("Could not find file '{}'.", path));
  return text;
}

void StepOutput::add_matcher(const WorkflowCommand& command) {
  if (command.data.empty()) return warn("File path must be specified.");
  const auto text = read_matchers(path_of(command.data));
  if (!text) return refuse(text.error().message);
  if (!job_.matchers) job_.matchers = std::make_shared<ProblemMatchers>();
  if (auto added = job_.matchers->add(*text); !added) refuse(added.error().message);
}

void StepOutput::remove_matcher(const WorkflowCommand& command) {
  const std::string owner = command.property("owner");
  if (!owner.empty() && !command.data.empty()) {
    return warn(
        "Either specify an owner name or a file path in ##[remove-matcher] command. Both values cannot be "
        "set.");
  }
  if (owner.empty() && command.data.empty())
    return warn("Either an owner name or a file path must be specified in ##[remove-matcher] command.");
  if (!owner.empty()) {
    if (job_.matchers) job_.matchers->remove(owner);
    return;
  }
  const auto text = read_matchers(path_of(command.data));
  if (!text) return refuse(text.error().message);
  const auto owners = ProblemMatchers::owners_in(*text);
  if (!owners) return refuse(owners.error().message);
  for (const auto& each : *owners) {
    if (job_.matchers) job_.matchers->remove(each);
  }
}

bool StepOutput::unsecure_allowed(std::string_view command) {
  if (allow_unsecure_) return true;
  refuse(fmt::format(
      "The `{}` command is disabled. Please upgrade to using Environment Files or opt into unsecure "
      "command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment variable to "
      "`true`. For more information see: https://github.blog/changelog/"
      "2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/",
      command));
  return false;
}

// Each time, as the runner does; the log shows every warning, ten of them are annotations.
void StepOutput::warn_of_deprecated(std::string_view command) {
  warn(
      fmt::format("The `{}` command is deprecated and will be disabled soon. Please upgrade to using "
                  "Environment Files. For more information see: https://github.blog/changelog/"
                  "2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/",
                  command));
}

void StepOutput::set_value(const WorkflowCommand& command) {
  if (command.name == "add-path") {
    if (!unsecure_allowed(command.name)) return;
    if (command.data.empty()) return refuse("Value cannot be null. (Parameter 'path')");
    effects_.search_path.push_back(command.data);
    return;
  }
  const std::string key = command.property("name");
  if (command.name == "set-env" && !unsecure_allowed(command.name)) return;
  if (command.name != "set-env") warn_of_deprecated(command.name);
  if (key.empty())
    return refuse(fmt::format("Required field 'name' is missing in ##[{}] command.", command.name));
  if (command.name == "set-env") {
    if (base::equals_ignoring_case(key, "NODE_OPTIONS")) {
      annotate({LineKind::error, "Can't update NODE_OPTIONS environment variable using ::set-env:: command.",
                "", ""});
      return;
    }
    effects_.environment.emplace_back(key, command.data);
  } else if (command.name == "set-output") {
    effects_.outputs[key] = command.data;
  } else {
    effects_.state.emplace_back(key, command.data);
  }
}

void StepOutput::warn(std::string_view why) {
  annotate({LineKind::warning, std::string(why), "", ""});
}

void StepOutput::refuse(std::string_view why) {
  annotate(
      {LineKind::error,
       fmt::format("Unable to process command '{}' successfully.", line_.substr(0, kMaximumShownCommand)), "",
       ""});
  annotate({LineKind::error, std::string(why), "", ""});
  effects_.failed = true;
}

}  // namespace steps
