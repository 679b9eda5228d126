#include <fmt/format.h>
#include <sys/statvfs.h>

#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "sandbox/machine.h"

namespace cli {

namespace {

using sandbox::Finding;
using sandbox::Standing;

constexpr std::uint64_t kLittleDisk = 5ULL << 30;

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::good:
      return "good";
    case Standing::weaker:
      return "weaker";
    case Standing::missing:
      return "missing";
  }
  return "";
}

Finding program(const std::string& name, const std::string& advice) {
  if (const auto path = base::find_program(name); path) return {name, Standing::good, path->string(), ""};
  return {name, Standing::weaker, "not on PATH", advice};
}

Finding disk(const std::string& state_folder) {
  base::Path folder = state_folder;
  while (!base::exists(folder) && folder.has_relative_path()) folder = folder.parent_path();
  struct statvfs space {};
  if (::statvfs(folder.c_str(), &space) != 0)
    return {"disk", Standing::missing, folder.string() + " cannot be looked at",
            "name another with --state-dir"};
  const auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  const auto found = fmt::format("{} free at {}", base::format_bytes(free), folder.string());
  if (free >= kLittleDisk) return {"disk", Standing::good, found, ""};
  return {"disk", Standing::weaker, found, "make room, or name another place with --state-dir"};
}

void print_findings(const std::vector<Finding>& findings) {
  for (const auto& finding : findings) {
    fmt::print("{:<8} {:<24} {}\n", name_of(finding.standing), finding.name, finding.found);
    if (!finding.advice.empty()) fmt::print("{:<33} → {}\n", "", finding.advice);
  }
}

void print_json(const std::vector<Finding>& findings) {
  base::Json list = base::Json::array();
  for (const auto& finding : findings) {
    list.push_back({{"name", finding.name},
                    {"standing", name_of(finding.standing)},
                    {"found", finding.found},
                    {"advice", finding.advice}});
  }
  fmt::print("{}\n", base::to_text(list, 2));
}

}  // namespace

int doctor_command(const CommonFlags& common, const DoctorFlags& flags) {
  auto findings = sandbox::examine_machine();
  findings.push_back(program("git", "install git; steps that call it need it"));
  findings.push_back(program("node", "install nodejs; JavaScript actions need it"));
  findings.push_back(disk(common.state_folder));
  if (flags.json) {
    print_json(findings);
  } else {
    print_findings(findings);
  }
  for (const auto& finding : findings) {
    if (finding.name == "a sandbox" && finding.standing == Standing::missing) return kRunnerFailed;
  }
  return kPassed;
}

}  // namespace cli
