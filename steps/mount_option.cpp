#include "steps/mount_option.h"

#include <fmt/format.h>

#include "base/similar_name.h"
#include "base/strings.h"
#include "ecr/byte_size.h"

namespace steps {
namespace {

using base::Result;

base::Error bad_mount(const std::string& text, const std::string& why) {
  return base::invalid_input(fmt::format("invalid argument \"{}\" for \"--mount\" flag: {}", text, why));
}

struct MountWords {
  std::string type = "volume";
  std::string source;
  std::string target;
  std::string tmpfs_size;
  bool read_only = false;
};

Result<MountWords> read_mount_words(const std::string& text) {
  MountWords words;
  for (const auto& part : base::split(text, ',')) {
    const auto equals = part.find('=');
    const auto key = base::to_lower(part.substr(0, equals));
    const auto value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "type") {
      words.type = base::to_lower(value);
    } else if (key == "source" || key == "src") {
      words.source = value;
    } else if (key == "target" || key == "dst" || key == "destination") {
      words.target = value;
    } else if (key == "readonly" || key == "ro") {
      words.read_only = value.empty() || value == "true" || value == "1";
    } else if (key == "tmpfs-size") {
      words.tmpfs_size = value;
    } else if (key != "consistency") {
      static constexpr std::string_view kKeys[] = {"type",       "source",      "src",      "target",
                                                   "dst",        "destination", "readonly", "ro",
                                                   "tmpfs-size", "consistency"};
      const auto near = base::similar_name(key, kKeys);
      return bad_mount(text, fmt::format("unexpected key '{}' in '{}'{}", key, part,
                                         near ? fmt::format(" (did you mean {}?)", *near) : ""));
    }
  }
  return words;
}

}  // namespace

Result<void> add_mount_option(ContainerOptions& options, const std::string& text) {
  TRY(const auto words, read_mount_words(text));
  if (!words.target.starts_with('/')) return bad_mount(text, "the target is no absolute path");
  if (words.type == "tmpfs") {
    if (!words.source.empty()) return bad_mount(text, "a tmpfs has no source");
    sandbox::Mount mount{
        .kind = sandbox::MountKind::tmpfs,
        .target = words.target,
        .access = words.read_only ? sandbox::Access::read_only : sandbox::Access::read_write};
    if (!words.tmpfs_size.empty()) {
      TRY(mount.tmpfs_bytes, ecr::parse_byte_size(words.tmpfs_size).while_doing("--mount"));
    }
    options.tmpfs.push_back(std::move(mount));
    return {};
  }
  if (!words.tmpfs_size.empty()) return bad_mount(text, "tmpfs-size is of type=tmpfs");
  const bool is_path = words.source.find('/') != std::string::npos || words.source.starts_with('.');
  if (words.type == "bind") {
    if (!is_path) return bad_mount(text, "the source of a bind is a path; a name is of type=volume");
  } else if (words.type != "volume") {
    return bad_mount(text, fmt::format("type={} is not supported; what is: bind, volume, tmpfs", words.type));
  } else if (is_path) {
    return bad_mount(text, "the source of a volume is a name; a path is of type=bind");
  }
  options.volumes.push_back({words.source, words.target, words.read_only});
  return {};
}

}  // namespace steps
