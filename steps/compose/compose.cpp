#include "steps/compose/compose.h"

#include <fmt/format.h>
#include <unistd.h>

#include "steps/compose/carry_out.h"
#include "steps/compose/command_line.h"
#include "steps/compose/load.h"

namespace steps::compose {

namespace {

/// The one whose files and commands are followed.
constexpr std::string_view kFollowedVersion = "2.29.0";

void say(int fd, const std::string& text) {
  (void)base::write_all(fd, text).ok();
}

base::Result<int> compose(const CommandLine& line) {
  if (line.verb == Verb::version) {
    say(STDOUT_FILENO,
        line.quiet ? fmt::format("{}\n", kFollowedVersion)
                   : fmt::format("Docker Compose version v{} (as built into pipeline)\n", kFollowedVersion));
    return 0;
  }
  TRY(const auto project, load_project(line));
  for (const auto& name : project.unset) {
    say(STDERR_FILENO,
        fmt::format("WARN[0000] The \"{}\" variable is not set. Defaulting to a blank string.\n", name));
  }
  if (line.verb == Verb::up || line.verb == Verb::run) {
    for (const auto& note : project.file.notes) say(STDERR_FILENO, fmt::format("WARN[0000] {}\n", note));
  }
  return carry_out(project, line);
}

}  // namespace

int compose_main(const std::vector<std::string>& arguments) {
  auto line = read_command_line(arguments);
  auto code = line ? compose(*line) : base::Result<int>(line.error());
  if (code) return *code;
  say(STDERR_FILENO, code.error().to_string() + "\n");
  return 1;
}

}  // namespace steps::compose
