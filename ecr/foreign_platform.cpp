#include "ecr/foreign_platform.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/files.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;

constexpr const char* kRegistered = "/proc/sys/fs/binfmt_misc";

/// As qemu calls an architecture that Go calls `architecture`.
std::string_view qemu_name(std::string_view architecture) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kNames = {
      {{"amd64", "x86_64"},
       {"386", "i386"},
       {"arm64", "aarch64"},
       {"arm", "arm"},
       {"ppc64le", "ppc64le"},
       {"ppc64", "ppc64"},
       {"s390x", "s390x"},
       {"riscv64", "riscv64"},
       {"mips64le", "mips64el"},
       {"mips64", "mips64"},
       {"loong64", "loongarch64"}}};
  for (const auto& [go, qemu] : kNames) {
    if (go == architecture) return qemu;
  }
  return architecture;
}

}  // namespace

base::Result<void> check_programs_run(const Platform& platform) {
  const auto host = host_platform();
  if (platform.architecture == host.architecture) return {};
  // The processor itself runs these.
  if (host.architecture == "amd64" && platform.architecture == "386") return {};
  const auto name = fmt::format("qemu-{}", qemu_name(platform.architecture));
  const auto refused = [&](std::string_view why) {
    return make_error(
        ErrorKind::invalid_input,
        fmt::format("RUN for {} on this {} machine: {}; register one with the flag F, as the packages "
                    "qemu-user-static and binfmt-support do",
                    to_string(platform), to_string(host), why));
  };
  const auto entry = base::read_file(base::Path(kRegistered) / name, 4096);
  if (!entry) return refused(fmt::format("the kernel has no interpreter {} in {}", name, kRegistered));
  if (!entry->starts_with("enabled")) return refused(fmt::format("the interpreter {} is disabled", name));
  for (const auto line : base::lines_of(*entry)) {
    if (line.starts_with("flags:") && line.find('F', 6) != std::string_view::npos) return {};
  }
  return refused(fmt::format("the interpreter {} is not there within a sandbox", name));
}

}  // namespace ecr
