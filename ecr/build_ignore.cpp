#include "ecr/build_ignore.h"

#include <fcntl.h>

#include "base/files.h"

namespace ecr {

base::Result<DockerIgnore> read_ignore(const BuildOptions& options) {
  constexpr std::size_t kLargestIgnoreFile = 1U << 20;
  if (options.ignore) return DockerIgnore::parse(*options.ignore);
  if (options.context < 0) return DockerIgnore();
  for (const auto& name : {options.dockerfile_name + ".dockerignore", std::string(".dockerignore")}) {
    const auto file = base::open_beneath(options.context, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (!file) continue;
    TRY(const auto text, base::read_all(file->get(), kLargestIgnoreFile).while_doing("reading " + name));
    return DockerIgnore::parse(text);
  }
  return DockerIgnore();
}

}  // namespace ecr
