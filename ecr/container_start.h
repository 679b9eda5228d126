#pragma once
// What a container of an image starts: Docker's rules for entrypoint, command, environment, user and folder,
// the image's own against those it is started with. Pure. Not for the root it runs in (image_root).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ecr/image.h"

namespace ecr {

/// What whoever starts the container says; what is absent is the image's.
struct ContainerOverrides {
  std::optional<std::vector<std::string>> entrypoint;  ///< takes the image's command away as well
  std::optional<std::vector<std::string>> command;
  std::map<std::string, std::string> environment;  ///< on top of the image's
  std::optional<std::string> user;
  std::optional<std::string> working_dir;
};

struct ContainerStart {
  std::vector<std::string> argv;  ///< empty when neither side names a program
  std::map<std::string, std::string> environment;
  std::string user;  ///< for find_user()
  std::string directory = "/";
  int stop_signal = 15;
};

ContainerStart container_start(const ImageConfig& config, const ContainerOverrides& overrides);

/// Words of a command line as a shell splits them: spaces, single and double quotes, backslashes. An Error
/// when a quote is left open.
base::Result<std::vector<std::string>> split_command_line(std::string_view text);

}  // namespace ecr
