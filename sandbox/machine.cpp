#include "sandbox/machine.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/files.h"
#include "base/process.h"
#include "base/strings.h"
#include "sandbox/cgroup.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox.h"
#include "sandbox/subordinate_ids.h"

namespace sandbox {

namespace {

std::string sysctl(const std::string& name) {
  const auto path = base::Path("/proc/sys") / base::replace_all(name, ".", "/");
  const auto content = base::read_file(path);
  return content ? std::string(base::trim(*content)) : "";
}

Finding kernel() {
  utsname name{};
  ::uname(&name);
  return {"kernel", Standing::good, fmt::format("{} {}", name.release, name.machine), ""};
}

Finding user_namespaces() {
  Finding finding{"user namespaces", Standing::good, "allowed", ""};
  const auto deny = [&](const std::string& found, const std::string& advice) {
    finding = {finding.name, Standing::missing, found, advice};
  };
  const bool root = ::geteuid() == 0;
  const auto most = sysctl("user.max_user_namespaces");
  if (most.empty()) {
    deny("not in this kernel", "use a kernel with CONFIG_USER_NS");
  } else if (most == "0") {
    deny("user.max_user_namespaces is 0", "run `sysctl -w user.max_user_namespaces=15000`");
  } else if (!root && sysctl("kernel.unprivileged_userns_clone") == "0") {
    deny("kernel.unprivileged_userns_clone is 0",
         "run `sysctl -w kernel.unprivileged_userns_clone=1`, or run the runner as root");
  } else if (!root && sysctl("kernel.apparmor_restrict_unprivileged_userns") == "1") {
    deny("AppArmor restricts them (kernel.apparmor_restrict_unprivileged_userns is 1)",
         "run `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or give this program an AppArmor "
         "profile with `userns,`");
  } else {
    finding.found = fmt::format("allowed (user.max_user_namespaces is {})", most);
  }
  return finding;
}

Finding ids() {
  if (::geteuid() == 0)
    return {"ids of steps", Standing::good, "ranges of 65536 above 100000, one for each job", ""};
  if (find_subordinate_ids())
    return {"ids of steps", Standing::good, "a range of /etc/subuid and /etc/subgid", ""};
  return {"ids of steps", Standing::weaker,
          "one: your own, so mounts and processes alone part steps from you",
          "install uidmap (newuidmap) and add a line USER:100000:65536 to /etc/subuid and /etc/subgid"};
}

Finding landlock() {
  const int version = landlock_version();
  if (version == 0)
    return {"landlock", Standing::weaker, "none; mounts alone keep steps from writing elsewhere",
            "use Linux 5.13 or newer with landlock in the `lsm=` list of its command line"};
  constexpr int kSockets = 6;
  if (version >= kSockets) return {"landlock", Standing::good, fmt::format("version {}", version), ""};
  return {"landlock", Standing::weaker,
          fmt::format("version {}: with the host's network, its abstract sockets are within reach", version),
          "use Linux 6.12 or newer, or --network none, audit or allow=…"};
}

Finding seccomp() {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && base::exists("/proc/sys/kernel/seccomp/actions_avail"))
    return {"seccomp", Standing::good, "filters", ""};
  return {"seccomp", Standing::missing, "no filters", "use a kernel with CONFIG_SECCOMP_FILTER"};
}

Finding overlay() {
  const auto known = base::read_file("/proc/filesystems").value_or("");
  if (known.find("\toverlay\n") != std::string::npos) return {"overlay", Standing::good, "there", ""};
  utsname name{};
  ::uname(&name);
  const auto modules = base::read_file(fmt::format("/lib/modules/{}/modules.dep", name.release)).value_or("");
  if (modules.find("/overlay.ko") != std::string::npos)
    return {"overlay", Standing::good, "a module, which the kernel loads with the first mount", ""};
  return {"overlay", Standing::missing, "not in this kernel",
          "use a kernel with CONFIG_OVERLAY_FS, or install its modules; jobs in containers need it"};
}

std::vector<Finding> control_groups() {
  std::vector<Finding> findings;
  for (const auto& support : cgroup_support()) {
    const auto name = fmt::format("cgroup {}", support.controller);
    if (support.why_not.empty()) {
      findings.push_back({name, Standing::good, fmt::format("version {}", support.version), ""});
    } else {
      findings.push_back({name, Standing::missing,
                          fmt::format("a limit of {} cannot be set", support.controller), support.why_not});
    }
  }
  return findings;
}

// Of the host: what protects the runner where it shares a folder with a step.
std::vector<Finding> protections() {
  std::vector<Finding> findings;
  for (const char* name :
       {"fs.protected_symlinks", "fs.protected_hardlinks", "fs.protected_fifos", "fs.protected_regular"}) {
    const auto value = sysctl(name);
    if (value.empty()) continue;
    if (value != "0") {
      findings.push_back({name, Standing::good, value, ""});
    } else {
      findings.push_back({name, Standing::weaker, "0: links in folders that all may write to are followed",
                          fmt::format("run `sysctl -w {}=1`", name)});
    }
  }
  return findings;
}

Finding tried(const std::string& name, const Plan& plan, const std::string& advice) {
  auto made = make_namespace_sandbox(plan);
  if (!made) return {name, Standing::missing, made.error().message, advice};
  const auto ran = run_to_end(**made, {.argv = {"true"}, .environment = {{"PATH", "/usr/bin:/bin"}}}, 20);
  if (!ran || ran->status.shell_code() != 0)
    return {name, Standing::missing, ran ? "a program in it failed: " + ran->output : ran.error().to_string(),
            advice};
  return {name, Standing::good, "made, used and taken down", ""};
}

Finding landlock_alone() {
  const std::string name = "--sandbox landlock";
  const auto made = make_landlock_sandbox({.label = "doctor"});
  if (made && run_to_end(**made, {.argv = {"true"}, .environment = {{"PATH", "/usr/bin:/bin"}}}, 20).ok())
    return {name, Standing::good, "made, used and taken down", ""};
  return {name, Standing::weaker, made ? "a program in it failed" : made.error().message,
          "only for where namespaces are forbidden: use Linux 6.12 or newer"};
}

}  // namespace

std::vector<Finding> examine_settings() {
  std::vector<Finding> findings{kernel(), user_namespaces(), ids(), landlock(), seccomp(), overlay()};
  for (auto& finding : control_groups()) findings.push_back(std::move(finding));
  for (auto& finding : protections()) findings.push_back(std::move(finding));
  return findings;
}

std::vector<Finding> examine_machine() {
  auto findings = examine_settings();
  findings.push_back(tried("a sandbox", {.label = "doctor"}, advice_for_namespaces()));
  findings.push_back(
      tried("a network policy", {.label = "doctor", .network = NetworkMode::isolated, .egress = true},
            "--network audit and allow=… need nf_tables with nat: run `modprobe nf_tables nft_nat "
            "nft_redir`; none and host do without"));
  findings.push_back(landlock_alone());
  return findings;
}

std::string advice_for_namespaces() {
  std::string advice;
  for (const auto& finding : {user_namespaces(), seccomp()}) {
    if (finding.standing != Standing::missing) continue;
    advice +=
        fmt::format("{}{}: {}; {}", advice.empty() ? "" : "; ", finding.name, finding.found, finding.advice);
  }
  if (advice.empty()) {
    advice =
        "perhaps an outer container or a security module forbids unshare, mount or writing id maps: allow it "
        "there";
  }
  return advice +
         "; `pipeline doctor` shows all of it, --sandbox landlock does with less, and --sandbox none "
         "without isolation";
}

}  // namespace sandbox
