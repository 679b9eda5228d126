#include "steps/docker_context.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "steps/go_template.h"
#include "steps/read_options.h"

namespace steps {

namespace {

using base::Result;

constexpr const char* kOnlyContext = "default";

struct ContextCall {
  std::string format;
  bool quiet = false;
};

const std::vector<CommandOption<ContextCall>>& context_options() {
  static const std::vector<CommandOption<ContextCall>> options = {
      {"--format", true, [](ContextCall& c, const std::string& v) { c.format = v; }},
      {"-f", true, [](ContextCall& c, const std::string& v) { c.format = v; }},
      {"--quiet", false, [](ContextCall& c, const std::string&) { c.quiet = true; }},
      {"-q", false, [](ContextCall& c, const std::string&) { c.quiet = true; }},
  };
  return options;
}

/// As docker/cli cli/context/store has it; nobody listens at an endpoint.
base::Json described() {
  return {{"Name", kOnlyContext},
          {"Metadata", base::Json::object()},
          {"Endpoints", {{"docker", {{"Host", ""}, {"SkipTLSVerify", false}}}}},
          {"TLSMaterial", base::Json::object()}};
}

/// What stdout gets.
Result<std::string> answer(const std::string& verb, const std::vector<std::string>& words) {
  ContextCall call;
  TRY(const auto read, read_options(context_options(), {.command = "docker context", .words = words}, call));
  for (const auto& name : read.operands) {
    if (name != kOnlyContext)
      return base::Error{base::ErrorKind::not_found, fmt::format("context \"{}\": context not found", name)};
  }
  if (verb == "inspect") {
    const bool whole = call.format.empty() || call.format == "json";
    if (whole) return base::Json::array({described()}).dump(4) + "\n";
    TRY(auto line, format_by_template(call.format, described()));
    return line + "\n";
  }
  if (verb == "ls" && !call.quiet)
    return fmt::format("{:<12} {:<20} {}\n{:<12} {:<20} {}\n", "NAME", "DESCRIPTION", "DOCKER ENDPOINT",
                       "default *", "of this run", "");
  return std::string(kOnlyContext) + "\n";
}

}  // namespace

std::optional<int> run_docker_context(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2 || arguments[0] != "context") return std::nullopt;
  static constexpr std::string_view kVerbs[] = {"show", "ls", "list", "inspect", "use"};
  if (std::find(std::begin(kVerbs), std::end(kVerbs), arguments[1]) == std::end(kVerbs)) return std::nullopt;
  const std::string verb = arguments[1] == "list" ? "ls" : arguments[1];
  const auto text = answer(verb, {arguments.begin() + 2, arguments.end()});
  if (!text) {
    (void)base::write_all(STDERR_FILENO, text.error().message + "\n").ok();
    return 1;
  }
  (void)base::write_all(STDOUT_FILENO, *text).ok();
  return 0;
}

}  // namespace steps
