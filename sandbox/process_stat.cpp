#include "sandbox/process_stat.h"

#include "base/files.h"
#include "base/strings.h"

namespace sandbox {

std::vector<std::string> process_stat(const std::string& pid) {
  const auto stat = base::read_file("/proc/" + pid + "/stat").value_or("");
  const auto end = stat.rfind(") ");  // a name may itself hold brackets
  if (end == std::string::npos) return {};
  return base::split(stat.substr(end + 2), ' ');
}

}  // namespace sandbox
