// actions/setup-java: a JDK of the machine that fits, JAVA_HOME and Maven's settings as the original leaves
// them. The distribution is noted, not installed.

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/package_cache.h"

namespace steps::builtin {
namespace {

constexpr int kWriteSeconds = 30;

constexpr std::string_view kJavaMatchers = R"JSON({"problemMatcher": [
 {"owner": "java", "pattern": [{"regexp": "^Exception in thread \"(.*)\" (.*): (.*)$", "code": 2, "message": 3}]},
 {"owner": "javac", "pattern": [{"regexp": "^([^:]+):(\\d+): (warning|error): (.+?)$",
   "file": 1, "line": 2, "severity": 3, "message": 4}]},
 {"owner": "maven-javac", "pattern": [{"regexp": "^\\[(WARNING|ERROR)\\]\\s+(.+?\\.java):\\[(\\d+),(\\d+)\\]\\s+(.+)$",
   "severity": 1, "file": 2, "line": 3, "column": 4, "message": 5}]}]})JSON";

// For each Java home of the machine, once: version, home, vendor, whether it has a compiler. The file
// `release` says it without starting the program.
constexpr std::string_view kJavaProbe = R"SH(
seen='|'
tell() {
  home=$(readlink -f "$1") || return
  [ -x "$home/bin/java" ] || return
  case "$seen" in *"|$home|"*) return ;; esac
  seen="$seen$home|"
  version=$(sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$home/release" 2>/dev/null)
  vendor=$(sed -n 's/^IMPLEMENTOR="\(.*\)"$/\1/p' "$home/release" 2>/dev/null)
  [ -n "$version" ] || version=$("$home/bin/java" -XshowSettings:properties -version 2>&1 |
    sed -n 's/^ *java\.version = //p')
  kind=jre
  [ -x "$home/bin/javac" ] && kind=jdk
  printf '%s\t%s\t%s\t%s\n' "$version" "$home" "$vendor" "$kind"
}
[ -n "$JAVA_HOME" ] && tell "$JAVA_HOME"
java=$(command -v java) && tell "$(dirname "$(dirname "$(readlink -f "$java")")")"
for home in /usr/lib/jvm/* /opt/java/* /opt/jdk*; do [ -d "$home" ] && tell "$home"; done
exit 0
)SH";

std::vector<FoundTool> find_javas(const ActionCall& call, RunningJob& job, const std::string& package) {
  std::vector<FoundTool> found;
  const auto output = output_of({"sh", "-c", std::string(kJavaProbe)}, call, job);
  if (!output) return found;
  for (const std::string_view line : base::lines_of(*output)) {
    const std::vector<std::string> parts = base::split(line, '\t');
    if (parts.size() != 4) continue;
    if (package == "jdk" && parts[3] != "jdk") continue;
    // Java 8 calls itself 1.8.0_392.
    const std::string text = parts[0].starts_with("1.") ? parts[0].substr(2) : parts[0];
    auto version = find_version(text);
    if (!version) {
      const auto major = base::parse_integer(text.substr(0, text.find_first_not_of("0123456789")));
      if (!major || *major > 1000) continue;
      version = Version{{static_cast<int>(*major), 0, 0}};
    }
    found.push_back({"java", *version, parts[1], {parts[2]}});
  }
  return found;
}

/// `17`, `1.8`, `21.0.5-tem`, `temurin-21`, `latest`.
std::string java_range(std::string_view text) {
  if (base::equals_ignoring_case(text, "latest")) return "*";
  if (text.starts_with("1.8")) text.remove_prefix(2);
  return std::string(text);
}

std::vector<std::string> java_versions_in(std::string_view name, std::string_view text) {
  std::string line = first_line(text);
  if (name == ".tool-versions" || name == ".sdkmanrc") line = value_of_line(text, "java");
  // A vendor may stand before the version (asdf) or behind it (sdkman).
  const std::size_t begin = line.find_first_of("0123456789");
  if (begin == std::string::npos) return {};
  line = line.substr(begin, line.find_first_of("- \t", begin) - begin);
  return {line.substr(0, line.find('+'))};
}

std::string architecture(const ActionCall& call) {
  std::string given = base::to_upper(call.input("architecture"));
  if (!given.empty()) return given;
  const std::string runner = base::to_upper(call.variable("RUNNER_ARCH"));
  if (runner == "ARM64") return "AARCH64";
  return runner.empty() ? "X64" : runner;
}

std::string maven_settings(const ActionCall& call) {
  const auto variable = [&call](const char* name, const char* older, const char* fallback) {
    return call.input(name, call.input(older, fallback));
  };
  std::string passphrase;
  if (const std::string name = variable("gpg-passphrase-env-var", "gpg-passphrase", ""); !name.empty()) {
    passphrase = fmt::format(
        "    <server>\n      <id>gpg.passphrase</id>\n      <passphrase>${{env.{}}}</passphrase>\n    "
        "</server>\n",
        name);
  }
  return fmt::format(
      "<settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\"\n"
      "  xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
      "  xsi:schemaLocation=\"http://maven.apache.org/SETTINGS/1.0.0 "
      "https://maven.apache.org/xsd/settings-1.0.0.xsd\">\n"
      "  <interactiveMode>false</interactiveMode>\n  <servers>\n    <server>\n      <id>{}</id>\n"
      "      <username>${{env.{}}}</username>\n      <password>${{env.{}}}</password>\n    </server>\n{}"
      "  </servers>\n</settings>\n",
      call.input("server-id", "github"),
      variable("server-username-env-var", "server-username", "GITHUB_ACTOR"),
      variable("server-password-env-var", "server-password", "GITHUB_TOKEN"), passphrase);
}

constexpr const char* kWriteSettings =
    "folder=${1:-$HOME/.m2}; mkdir -p \"$folder\" || exit 1; cd \"$folder\" || exit 1; "
    "if [ -e settings.xml ] && [ \"$2\" != true ]; then exit 0; fi; cat > settings.xml";
constexpr std::size_t kLargestSettings = 32 * 1024;  // fits into a pipe that nobody reads yet

/// The home folder is the steps' own, so one of them writes there.
base::Result<void> write_maven_settings(const ActionCall& call, RunningJob& job) {
  const auto settings = maven_settings(call);
  if (settings.size() > kLargestSettings)
    return base::invalid_input(
        "the inputs server-id, server-username and the like are too long for settings.xml");
  TRY(base::Pipe input, base::make_pipe());
  TRY(base::write_all(input.write.get(), settings));
  input.write.reset();
  sandbox::Command command;
  command.argv = {"sh",
                  "-c",
                  kWriteSettings,
                  "sh",
                  call.input("settings-path"),
                  base::to_lower(call.input("overwrite-settings", "true"))};
  command.environment = call.environment;
  command.directory = job.folders.workspace.inside;
  command.input = input.read.get();
  TRY(const auto finished, sandbox::run_to_end(*job.sandbox, std::move(command), kWriteSeconds));
  if (finished.status.shell_code() == 0) return {};
  return base::make_error(base::ErrorKind::internal,
                          fmt::format("Maven's settings.xml could not be written: {}", finished.output));
}

void use_java_cache(const ActionCall& call, RunningJob& job, ActionOutcome& outcome) {
  const std::string tool = call.input("cache");
  PackageCache cache{.manager = tool};
  if (tool == "maven") {
    cache.paths = {in_home(call, ".m2/repository")};
    cache.dependencies = {"**/pom.xml", "**/.mvn/wrapper/maven-wrapper.properties", "**/.mvn/extensions.xml"};
  } else if (tool == "gradle") {
    cache.paths = {in_home(call, ".gradle/caches"), in_home(call, ".gradle/wrapper")};
    cache.dependencies = {"**/*.gradle*",
                          "**/gradle.properties",
                          "**/gradle-wrapper.properties",
                          "buildSrc/**/Versions.kt",
                          "buildSrc/**/Dependencies.kt",
                          "gradle/*.versions.toml",
                          "**/versions.properties"};
  } else if (tool == "sbt") {
    cache.paths = {in_home(call, ".ivy2/cache"), in_home(call, ".sbt"), in_home(call, ".cache/coursier")};
    cache.dependencies = {"**/*.sbt", "**/project/build.properties", "**/project/**.scala",
                          "**/project/**.sbt"};
  } else {
    return warn(job, "unknown package manager specified: " + tool);
  }
  cache.key = fmt::format("setup-java-{}-{}", platform_of_keys(call), tool);
  use_package_cache(std::move(cache), call, job, outcome);
}

}  // namespace

base::Result<ActionOutcome> setup_java(const ActionCall& call, RunningJob& job) {
  TRY(refuse_inputs(call,
                    {"jdk-file", "jdkfile", "gpg-private-key", "verify-signature", "mvn-server-credentials",
                     "mvn-repositories", "mvn-toolchain-id", "mvn-toolchain-vendor"}));
  TRY(const auto wanted, read_wanted_versions(call, job, "java", java_versions_in));
  if (wanted.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "java-version or java-version-file input expected");
  }
  const std::string distribution = call.input("distribution");
  if (distribution.empty() && call.input("java-version-file").empty()) {
    return base::make_error(base::ErrorKind::invalid_input, "Input required and not supplied: distribution");
  }
  const std::vector<FoundTool> found = find_javas(call, job, call.input("java-package", "jdk"));
  ActionOutcome outcome;
  const bool is_default = is_true(call.input("set-default", "true"));
  for (const WantedVersion& asked : wanted) {
    const WantedVersion one{java_range(asked.text), asked.source};
    const std::size_t digits = one.text.find_first_of("0123456789");
    const std::string major =
        digits == std::string::npos
            ? "17"
            : one.text.substr(digits, one.text.find_first_not_of("0123456789", digits) - digits);
    TRY(const FoundTool tool,
        choose_tool(one, found, {"Java", fmt::format("openjdk-{}-jdk-headless", major)}));
    const std::string& home = tool.executable;
    if (is_default) {
      std::erase_if(outcome.environment, [](const auto& pair) { return pair.first == "JAVA_HOME"; });
      outcome.environment.emplace_back("JAVA_HOME", home);
      outcome.search_path.push_back(home + "/bin");
    }
    outcome.environment.emplace_back(
        fmt::format("JAVA_HOME_{}_{}", tool.version.parts[0], architecture(call)), home);
    outcome.outputs["distribution"] = distribution;
    outcome.outputs["path"] = home;
    outcome.outputs["version"] = to_string(tool.version);
    job.log->line(LineKind::output,
                  fmt::format("Java {} is here: {}{}", to_string(tool.version), home,
                              tool.more[0].empty() || distribution.empty()
                                  ? ""
                                  : fmt::format(", built by {} (distribution {} was asked for)", tool.more[0],
                                                distribution)));
  }
  TRY(write_maven_settings(call, job));
  if (!is_true(call.input("show-download-progress", "false"))) {
    const std::string before = call.variable("MAVEN_ARGS");
    if (before.find("-ntp") == std::string::npos)
      outcome.environment.emplace_back("MAVEN_ARGS", before.empty() ? "-ntp" : before + " -ntp");
  }
  if (is_true(call.input("problem-matcher", "true"))) TRY(add_problem_matcher(job, kJavaMatchers));
  warn_of_unused_inputs(call, job, {"check-latest", "force-download"});
  if (!call.input("cache").empty()) use_java_cache(call, job, outcome);
  return outcome;
}

}  // namespace steps::builtin
