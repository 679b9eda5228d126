#pragma once
// Which files make a project, and what it is called: as `docker compose` finds them from where it runs, its
// flags and variables.

#include <string>
#include <vector>

#include "base/files.h"
#include "steps/compose/command_line.h"
#include "steps/compose/project.h"

namespace steps::compose {

struct Project {
  std::string name;
  base::Path folder;  ///< what relative paths are relative to
  File file;
  std::map<std::string, std::string> environment;  ///< of the caller, over that of .env
  std::vector<std::string> profiles;
  std::set<std::string> unset;  ///< variables without a value

  [[nodiscard]] std::optional<std::string> look_up(const std::string& wanted) const;
  /// The name that a network or volume of the file has outside of it.
  [[nodiscard]] std::string network_name(const std::string& key) const;
  [[nodiscard]] std::string volume_name(const std::string& key) const;
  [[nodiscard]] std::string image_name(const Service& service) const;
  [[nodiscard]] std::string container_name(const Service& service) const;
  [[nodiscard]] base::Path path_of(const std::string& text) const;
};

base::Result<Project> load_project(const CommandLine& line);

}  // namespace steps::compose
