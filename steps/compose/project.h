#pragma once
// A Compose file as plain data, and the reading of one. What it says of a container is kept as the options of
// `docker create` that say the same. Not for carrying it out (up).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "steps/compose/interpolation.h"

namespace steps::compose {

enum class Condition { started, healthy, completed };

struct Dependency {
  Condition condition = Condition::started;
  bool required = true;
  base::Location place;
};

struct Build {
  std::string context;
  std::string dockerfile;
  std::string dockerfile_text;       ///< dockerfile_inline
  std::vector<std::string> options;  ///< of docker build
};

struct EnvironmentFile {
  std::string path;
  bool required = true;
};

struct Volume {
  std::string source;  ///< a name of the file's volumes, a path; empty: the container's own
  std::string target;
  std::string mode;
  bool in_memory = false;
};

/// What is absent is what another file says, or Compose's default.
struct Service {
  std::string name;
  base::Location place;
  std::string image;
  std::optional<Build> build;
  std::optional<std::vector<std::string>> command;
  std::optional<std::vector<std::string>> entrypoint;
  std::map<std::string, std::optional<std::string>> environment;  ///< without a value: the caller's
  std::vector<EnvironmentFile> environment_files;
  std::map<std::string, std::string> labels;
  std::map<std::string, Dependency> depends_on;
  std::vector<Volume> volumes;
  std::vector<std::string> health_test;                      ///< as an image has it
  std::map<std::string, std::vector<std::string>> networks;  ///< with the aliases in them
  std::string network_mode;
  std::vector<std::string> profiles;
  std::string container_name;
  std::string pull_policy;
  /// Of docker create, by the key that says them: one that stands for itself, or for all that were added.
  std::map<std::string, std::vector<std::string>> options;
};

/// A network or a volume of the file.
struct Shared {
  std::string name;  ///< empty: the project's name before it
  bool external = false;
};

struct File {
  std::string name;  ///< of the project
  std::map<std::string, Service> services;
  std::map<std::string, Shared> networks;
  std::map<std::string, Shared> volumes;
  std::vector<std::string> notes;  ///< what has no effect here, to be told
};

struct ComposeText {
  std::string file;  ///< for messages
  std::string text;
};
/// The first Error has the place; keys that are not known are one.
base::Result<File> read_compose(const ComposeText& text, const Lookup& lookup, std::set<std::string>& unset);
/// What `over` says wins; lists grow by it.
void merge_into(File& file, File over);
/// Every name that a service uses is there, and no service waits for itself.
base::Result<void> check_references(const File& file);
/// The services that are asked for, those that they depend on before them. All without a profile that is not
/// active when none is named.
base::Result<std::vector<const Service*>> services_in_order(const File& file,
                                                            const std::vector<std::string>& wanted,
                                                            const std::vector<std::string>& profiles);

}  // namespace steps::compose
