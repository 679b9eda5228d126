#pragma once
// What the flags of `pipeline run` mean: secrets and variables by name, the event, the repository.

#include <map>
#include <string>
#include <vector>

#include "base/git.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_options.h"
#include "workflow/event.h"

namespace cli {

/// `NAME=VALUE` pairs; a NAME alone takes its value from the environment when `from_environment`, else is an
/// Error.
enum class BareName { from_environment, refused };
base::Result<std::map<std::string, std::string>> parse_pairs(const std::vector<std::string>& pairs,
                                                             BareName bare);
/// Lines NAME=VALUE; empty lines and # comments are skipped; quotes around a value are taken off. Errors have
/// file:line.
base::Result<std::map<std::string, std::string>> read_pairs_file(const std::string& file);

/// The event as GitHub would describe it for this repository, or as the payload file says.
base::Result<workflow::Event> make_event(const EventFlags& flags, const base::RepositoryState& repository,
                                         const std::string& repository_name);

/// Who is named, else who wrote the last commit.
std::string default_actor(const EventFlags& flags, const base::RepositoryState& repository);

/// owner/name: from the origin's URL, else local/<folder>.
std::string repository_name(const base::RepositoryState& repository);

/// 512m, 2g, 100k or bytes.
base::Result<std::uint64_t> parse_size(const std::string& text);

}  // namespace cli
