#include "ecr/archive_names.h"

#include <sys/stat.h>

#include <fmt/format.h>

#include "base/strings.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 300;
  std::string text;
  for (const char c : name.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return name.size() > kMost ? text + "…" : text;
}

Result<Path> inside_path(const std::string& name) {
  if (name.find('\0') != std::string::npos)
    return make_error(ErrorKind::invalid_input, "a name holds a zero byte");
  Path path;
  for (const auto& part : base::split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..")
      return make_error(ErrorKind::invalid_input,
                        fmt::format("the name \"{}\" leads out of the image", shown(name)));
    path /= part;
  }
  return path;
}

PlainLimit::PlainLimit(const UnpackLimits& limits, std::uint64_t compressed_size)
    : limits_(limits), compressed_size_(compressed_size) {}

Result<void> PlainLimit::check(std::uint64_t size) const {
  // Headers count here, contents in what unpacks them.
  if (size > limits_.bytes + (limits_.bytes / 4)) {
    return make_error(ErrorKind::invalid_input,
                      "the tar unpacks to more than " + base::format_bytes(limits_.bytes));
  }
  if (compressed_size_ == 0 || size <= limits_.ratio_from || size / limits_.ratio <= compressed_size_)
    return {};
  return make_error(ErrorKind::invalid_input,
                    fmt::format("{} unpack to more than {} times as much, as a bomb does",
                                base::format_bytes(compressed_size_), limits_.ratio));
}

std::uint64_t size_before_reading(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size)
                                                              : 0;
}

}  // namespace ecr
