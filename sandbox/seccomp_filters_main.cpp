// Runs while the program is built: FILE of own_namespaces, FILE of shared_host, written for
// seccomp_filters.S.
#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#include "base/fd.h"
#include "sandbox/seccomp_rules.h"

namespace {

base::Result<void> write_filter(sandbox::SeccompProfile profile, const char* path) {
  const base::Fd file(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return base::system_error(path, errno);
  return sandbox::write_seccomp_filter(profile, file.get());
}

base::Result<void> write_filters(const char* own_namespaces, const char* shared_host) {
  TRY(write_filter(sandbox::SeccompProfile::own_namespaces, own_namespaces));
  return write_filter(sandbox::SeccompProfile::shared_host, shared_host);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto written = write_filters(argv[1], argv[2]);
  if (!written) std::fprintf(stderr, "%s\n", written.error().to_string().c_str());
  return written ? 0 : 1;
}
