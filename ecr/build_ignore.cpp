#include "ecr/build_ignore.h"

#include <fcntl.h>

#include <string>
#include <vector>

#include "base/files.h"

namespace ecr {

namespace {

constexpr std::size_t kLargestIgnoreFile = 1U << 20;
constexpr const char* kIgnoreFile = ".dockerignore";

/// The first of these names that the folder has.
base::Result<DockerIgnore> read_first(int folder, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const auto file = base::open_beneath(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (!file) continue;
    TRY(const auto text, base::read_all(file->get(), kLargestIgnoreFile).while_doing("reading " + name));
    return DockerIgnore::parse(text).while_doing("reading " + name);
  }
  return DockerIgnore();
}

}  // namespace

base::Result<DockerIgnore> read_ignore(const BuildOptions& options) {
  if (options.ignore) return DockerIgnore::parse(*options.ignore);
  if (options.context < 0) return DockerIgnore();
  return read_first(options.context, {options.dockerfile_name + kIgnoreFile, kIgnoreFile});
}

base::Path dockerfile_in(const base::Path& folder) {
  const bool is_lower = !base::exists(folder / "Dockerfile") && base::exists(folder / "dockerfile");
  return folder / (is_lower ? "dockerfile" : "Dockerfile");
}

base::Result<DockerIgnore> read_ignore_of(int folder) {
  return read_first(folder, {kIgnoreFile});
}

}  // namespace ecr
