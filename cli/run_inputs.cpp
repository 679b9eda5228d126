#include "cli/run_inputs.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/default_event.h"
#include "workflow/event_payload.h"
#include "workflow/event_table.h"

namespace cli {

namespace {

std::string unquoted(std::string_view text) {
  text = base::trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
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

base::Result<workflow::Event> make_event(const EventFlags& flags, const base::RepositoryState& repository,
                                         const std::string& name) {
  base::Json payload;
  if (flags.event_file.empty()) {
    TRY(payload,
        default_payload({.name = flags.event, .repository = name, .actor = default_actor(flags, repository)},
                        repository));
  } else {
    TRY(const auto text, base::read_file(flags.event_file));
    TRY(payload, base::parse_json(text).while_doing("reading the event " + flags.event_file));
  }
  if (flags.event == "workflow_dispatch") {
    TRY(const auto inputs, parse_pairs(flags.inputs, BareName::refused));
    for (const auto& [input, value] : inputs) payload["inputs"][input] = value;
  }
  auto event = workflow::event_from_payload(flags.event, payload,
                                            {.ref = ref_of(repository), .sha = repository.head_commit});
  if (!flags.event_file.empty()) return std::move(event).while_doing("reading the event " + flags.event_file);
  const auto* kind = workflow::find_event_kind(flags.event);
  if (kind == nullptr) return event;
  if (!event) {
    auto error = std::move(event).error();
    error.message += "; give it with --event-file";
    return error;
  }
  // The working tree stands for the default branch, on which GitHub runs these.
  if (kind->ref == workflow::EventRef::default_branch) event->ref = ref_of(repository);
  return event;
}

std::string default_actor(const EventFlags& flags, const base::RepositoryState& repository) {
  if (!flags.actor.empty()) return flags.actor;
  return repository.author_name.empty() ? "local" : repository.author_name;
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
