#include "workflow/lint/scripts.h"

#include <algorithm>

#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/lint/every_step.h"
#include "workflow/lint/runner_labels.h"

namespace workflow::lint {

namespace {

// "bash -e {0}" → bash; empty when an expression has to be evaluated first.
std::string program_of(const std::string& shell) {
  if (expression::has_expression(shell)) return "";
  const auto words = base::split(std::string(base::trim(shell)), ' ');
  const auto& program = words.front();
  const auto slash = program.find_last_of("/\\");
  return slash == std::string::npos ? program : program.substr(slash + 1);
}

std::string default_shell(const Workflow& workflow, const Job& job) {
  if (job.defaults.shell) return program_of(job.defaults.shell->text);
  if (workflow.defaults.shell) return program_of(workflow.defaults.shell->text);
  switch (operating_system_of(job)) {
    case OperatingSystem::windows:
      return "pwsh";
    case OperatingSystem::linux:
    case OperatingSystem::macos:
      return "bash";
    case OperatingSystem::unknown:
      break;
  }
  return "";
}

// One with an expression that is broken is reported as that; a shell's view of it would only be noise.
bool has_script(const Step& step) {
  if (!step.run) return false;
  const auto parts = expression::split_template(step.run->text);
  return parts.ok() && std::none_of(parts->begin(), parts->end(), [](const expression::TemplatePart& part) {
           return part.is_expression && part.text.empty();
         });
}

Script script_of(const Step& step, const std::string& default_shell,
                 const std::vector<std::string_view>& lines) {
  const Text& run = *step.run;
  return {.shell = step.shell ? program_of(step.shell->text) : default_shell,
          .text = without_expressions(run.text),
          .places = ScalarPlaces(lines, {run.line, run.column}, run.text)};
}

}  // namespace

Place Script::place_of(int line, int column) const {
  std::size_t offset = 0;
  for (; line > 1; --line) {
    const auto end = text.find('\n', offset);
    if (end == std::string::npos) return places.at(text.size());
    offset = end + 1;
  }
  for (; column > 1 && offset < text.size() && text[offset] != '\n'; --column) {
    ++offset;
    while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U) ++offset;
  }
  return places.at(offset);
}

std::vector<Script> scripts_of(const Workflow& workflow, std::string_view text) {
  std::vector<Script> scripts;
  const auto lines = base::lines_of(text);
  for (const auto& job : workflow.jobs) {
    const auto shell = default_shell(workflow, job);
    int number = 0;
    every_step(job.steps, [&](const Step& step) {
      if (has_script(step)) {
        scripts.push_back(script_of(step, shell, lines));
        scripts.back().job = job.id;
        scripts.back().step = number;
      }
      ++number;
    });
  }
  return scripts;
}

std::vector<Script> scripts_of(const std::vector<Step>& steps, std::string_view text) {
  std::vector<Script> scripts;
  const auto lines = base::lines_of(text);
  int number = 0;
  every_step(steps, [&](const Step& step) {
    if (has_script(step)) {
      scripts.push_back(script_of(step, "", lines));
      scripts.back().step = number;
    }
    ++number;
  });
  return scripts;
}

std::string without_expressions(std::string_view text) {
  std::string result(text);
  const auto parts = expression::split_template(text);
  if (!parts) return result;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const auto& part = (*parts)[i];
    if (!part.is_expression) continue;
    const auto end = i + 1 < parts->size() ? (*parts)[i + 1].offset : text.size();
    std::fill(result.begin() + static_cast<std::ptrdiff_t>(part.offset),
              result.begin() + static_cast<std::ptrdiff_t>(end), '_');
  }
  return result;
}

}  // namespace workflow::lint
