#include "cli/run_request.h"

#include <fmt/format.h>

#include "base/json.h"
#include "workflow/expression/value.h"

namespace cli {

namespace {

constexpr const char* kRequestFile = "request.json";

base::Json event_json(const workflow::Event& event) {
  return {{"name", event.name},
          {"payload", workflow::expression::to_json(event.payload)},
          {"ref", event.ref},
          {"sha", event.sha},
          {"base_ref", event.base_ref},
          {"head_ref", event.head_ref},
          {"action", event.action},
          {"filtered_branch", event.filtered_branch},
          {"changed_files", event.changed_files},
          {"changed_files_known", event.changed_files_known}};
}

std::vector<std::string> texts_of(const base::Json& list) {
  std::vector<std::string> texts;
  for (const auto& entry : list) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

workflow::Event event_of(const base::Json& json) {
  return {.name = base::json_string(json, "name"),
          .payload = workflow::expression::from_json(base::json_member(json, "payload")),
          .ref = base::json_string(json, "ref"),
          .sha = base::json_string(json, "sha"),
          .base_ref = base::json_string(json, "base_ref"),
          .head_ref = base::json_string(json, "head_ref"),
          .action = base::json_string(json, "action"),
          .filtered_branch = base::json_string(json, "filtered_branch"),
          .changed_files = texts_of(base::json_member(json, "changed_files")),
          .changed_files_known = base::json_bool(json, "changed_files_known")};
}

base::Result<RunFlags> parse_again(const std::vector<std::string>& arguments) {
  std::string program = "pipeline";
  auto texts = arguments;
  std::vector<char*> argv{program.data()};
  for (auto& text : texts) argv.push_back(text.data());
  auto line = parse_command_line(static_cast<int>(argv.size()), argv.data());
  if (auto* flags = std::get_if<RunFlags>(&line.verb); flags != nullptr && !line.exit_code)
    return std::move(*flags);
  return base::make_error(base::ErrorKind::invalid_input,
                          "the call that began the run is not one of this version of pipeline any more");
}

}  // namespace

std::vector<std::string> without_secrets(std::vector<std::string> arguments,
                                         const std::vector<std::string>& secrets) {
  for (auto& argument : arguments) {
    for (const auto& secret : secrets) {
      const auto equals = secret.find('=');
      if (equals == std::string::npos || !argument.ends_with(secret)) continue;
      argument.resize(argument.size() - (secret.size() - equals));
      break;
    }
  }
  return arguments;
}

base::Result<void> store_request(const base::Path& run_folder, const std::string& workflow,
                                 const RunFlags& flags, const runner::RunOptions& options,
                                 const steps::SecretMasker& masker) {
  std::vector<std::string> names;
  for (const auto& [name, value] : options.secrets) names.push_back(name);
  std::error_code ignored;
  base::Json json = {{"arguments", without_secrets(flags.arguments, flags.secrets)},
                     {"folder", std::filesystem::current_path(ignored).string()},
                     {"workflow", workflow},
                     {"event", event_json(options.event)},
                     {"secrets", names}};
  if (masker.holds_secret(base::to_text(json)))
    json = {{"withheld", "its call or its event holds the value of a secret, and secrets are not stored"}};
  return base::write_file(run_folder / kRequestFile, base::to_text(json, 2), 0600);
}

base::Result<RunRequest> load_request(const base::Path& run_folder) {
  const auto file = run_folder / kRequestFile;
  if (!base::exists(file)) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("the run cannot be run again: {} does not exist, so its call is not known",
                    file.string()));
  }
  TRY(const auto text, base::read_file(file));
  TRY(const auto json, base::parse_json(text).while_doing("reading " + file.string()));
  if (const auto why = base::json_string(json, "withheld"); !why.empty())
    return base::invalid_input("the run cannot be run again: " + why);
  const auto arguments = texts_of(base::json_member(json, "arguments"));
  if (arguments.empty()) {
    return base::invalid_input(
        "the run was not begun at a command line: run it again where it was, by the button of `pipeline "
        "serve` or of "
        "the forge");
  }
  RunRequest request{.folder = base::json_string(json, "folder"),
                     .workflow = base::json_string(json, "workflow"),
                     .event = event_of(base::json_member(json, "event")),
                     .secret_names = texts_of(base::json_member(json, "secrets"))};
  TRY(request.flags, parse_again(arguments));
  request.flags.arguments = arguments;
  return request;
}

}  // namespace cli
