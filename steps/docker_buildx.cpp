#include "steps/docker_buildx.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/fd.h"
#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "ecr/image.h"
#include "steps/read_options.h"

namespace steps {

namespace {

using base::Path;
using base::Result;

constexpr const char* kDefault = "default";
// Of the buildx whose options `build` knows; actions choose theirs by it.
constexpr const char* kFollowedBuildx = "v0.12.0";

struct BuildxCall {
  std::string name;     ///< of --name and --builder
  bool used = false;    ///< --use
  bool append = false;  ///< a node more of a builder that may exist
};

constexpr auto accept_option = [](BuildxCall&, const std::string&) {};

const std::vector<CommandOption<BuildxCall>>& buildx_options() {
  static const std::vector<CommandOption<BuildxCall>> options = {
      {"--name", true, [](BuildxCall& c, const std::string& v) { c.name = v; }},
      {"--builder", true, [](BuildxCall& c, const std::string& v) { c.name = v; }},
      {"--use", false, [](BuildxCall& c, const std::string&) { c.used = true; }},
      {"--append", false, [](BuildxCall& c, const std::string&) { c.append = true; }},
      {"--bootstrap", false, accept_option},
      {"--default", false, accept_option},
      {"--global", false, accept_option},
      {"--keep-state", false, accept_option},
      {"--keep-daemon", false, accept_option},
      {"--force", false, accept_option},
      {"-f", false, accept_option},
      // What these say of a BuildKit daemon has nobody to be told to.
      {"--driver", true, accept_option},
      {"--driver-opt", true, accept_option},
      {"--node", true, accept_option},
      {"--platform", true, accept_option},
      {"--buildkitd-flags", true, accept_option},
      {"--buildkitd-config", true, accept_option},
      {"--config", true, accept_option},
  };
  return options;
}

void print(int fd, std::string_view text) {
  (void)base::write_all(fd, text).ok();
}

Path buildx_folder() {
  const char* config = std::getenv("DOCKER_CONFIG");
  if (config != nullptr && *config != '\0') return Path(config) / "buildx";
  const char* home = std::getenv("HOME");
  return Path(home == nullptr ? "/" : home) / ".docker" / "buildx";
}

bool is_builder_name(std::string_view name) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         std::all_of(name.begin(), name.end(), is_plain);
}

/// The builders of one folder.
class Builders {
 public:
  explicit Builders(Path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] bool has(const std::string& name) const {
    return name == kDefault || (is_builder_name(name) && std::filesystem::exists(instance(name)));
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "instances", ignored))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    found.emplace_back(kDefault);
    return found;
  }

  [[nodiscard]] std::string current() const {
    const auto text = base::read_file(folder_ / "current");
    const auto json = text ? base::parse_json(*text) : base::Result<base::Json>(base::Json());
    const auto name = json ? base::json_string(*json, "Name") : "";
    return has(name) ? name : kDefault;
  }

  [[nodiscard]] Result<void> add(const std::string& name) const {
    TRY(base::make_directories(folder_ / "instances"));
    return base::write_file(instance(name), base::Json{{"Name", name}, {"Driver", "docker"}}.dump());
  }

  [[nodiscard]] Result<void> use(const std::string& name) const {
    TRY(base::make_directories(folder_));
    return base::write_file(folder_ / "current", base::Json{{"Name", name}}.dump());
  }

  void remove(const std::string& name) const {
    std::error_code ignored;
    std::filesystem::remove(instance(name), ignored);
  }

 private:
  [[nodiscard]] Path instance(const std::string& name) const { return folder_ / "instances" / name; }
  Path folder_;
};

base::Error no_builder(const std::string& name) {
  return base::Error{base::ErrorKind::not_found, fmt::format("no builder \"{}\" found", name)};
}

/// The builder that is meant: by operand, by option, by BUILDX_BUILDER, or the one in use.
Result<std::string> chosen(const Builders& builders, const BuildxCall& call,
                           const std::vector<std::string>& operands) {
  const char* variable = std::getenv("BUILDX_BUILDER");
  std::string name = operands.empty() ? call.name : operands.front();
  if (name.empty() && variable != nullptr) name = variable;
  if (name.empty()) name = builders.current();
  if (!builders.has(name)) return no_builder(name);
  return name;
}

Result<void> create(const Builders& builders, const BuildxCall& call) {
  std::string name = call.name;
  for (int number = 0; name.empty(); ++number) {
    if (!builders.has(fmt::format("builder{}", number))) name = fmt::format("builder{}", number);
  }
  if (!is_builder_name(name))
    return base::invalid_input(fmt::format(
        "invalid builder name \"{}\", expected a letter, then letters, digits, '.', '_' or '-'", name));
  if (builders.has(name) && !call.append)
    return base::invalid_input(
        fmt::format("existing instance for \"{}\" but no append mode, specify the node name to make changes "
                    "for existing instances",
                    name));
  TRY(builders.add(name));
  if (call.used) TRY(builders.use(name));
  print(STDOUT_FILENO, name + "\n");
  return {};
}

void inspect(const std::string& name) {
  print(STDOUT_FILENO,
        fmt::format("Name:          {0}\nDriver:        docker\n\nNodes:\nName:             {0}\n"
                    "Endpoint:         default\nStatus:           running\nPlatforms:        {1}\n",
                    name, ecr::to_string(ecr::host_platform())));
}

void list(const Builders& builders) {
  constexpr std::string_view kRow = "{:<32} {:<16} {:<8} {}\n";
  std::string text = fmt::format(kRow, "NAME/NODE", "DRIVER/ENDPOINT", "STATUS", "PLATFORMS");
  const auto current = builders.current();
  for (const auto& name : builders.names()) {
    text += fmt::format(kRow, name + (name == current ? "*" : ""), "docker", "", "");
    text +=
        fmt::format(kRow, " \\_ " + name, " \\_ default", "running", ecr::to_string(ecr::host_platform()));
  }
  print(STDOUT_FILENO, text);
}

Result<void> carry_out_buildx(const std::string& verb, const std::vector<std::string>& words) {
  const Builders builders(buildx_folder());
  BuildxCall call;
  TRY(const auto read, read_options(buildx_options(), {.command = "docker buildx", .words = words}, call));
  if (verb == "create") return create(builders, call);
  if (verb == "ls") {
    list(builders);
    return {};
  }
  TRY(const auto name, chosen(builders, call, read.operands));
  if (verb == "inspect") inspect(name);
  if (verb == "use") return builders.use(name);
  if (verb == "rm") {
    builders.remove(name);
    print(STDERR_FILENO, name + " removed\n");
  }
  return {};  // stop: nothing of it runs
}

constexpr const char* kHelp =
    "Usage: docker buildx COMMAND\n\n"
    "The built-in docker of this run: its builders are all the same, and differ in name only.\n\n"
    "Commands:\n"
    "  build      Build an image from a Dockerfile\n"
    "  create     Name a builder\n"
    "  imagetools inspect, create: images in their registry, and indexes of them\n"
    "  inspect    Show a builder\n"
    "  ls         List builders\n"
    "  rm         Forget a builder\n"
    "  stop       Stop a builder: none of them runs between builds\n"
    "  use        Choose the builder that is meant without a name\n"
    "  version    Show the version\n";

}  // namespace

std::optional<int> run_buildx(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] != "buildx") return std::nullopt;
  const std::string verb = arguments.size() > 1 ? arguments[1] : "--help";
  if (verb == "--help" || verb == "-h" || verb == "help") {
    print(STDOUT_FILENO, kHelp);
    return 0;
  }
  if (verb == "version") {
    print(STDOUT_FILENO, fmt::format("github.com/docker/buildx {} (as built into pipeline: no BuildKit)\n",
                                     kFollowedBuildx));
    return 0;
  }
  static constexpr std::string_view kVerbs[] = {"create", "inspect", "ls", "rm", "stop", "use"};
  if (std::find(std::begin(kVerbs), std::end(kVerbs), verb) == std::end(kVerbs)) return std::nullopt;
  const auto done = carry_out_buildx(verb, {arguments.begin() + 2, arguments.end()});
  if (done) return 0;
  print(STDERR_FILENO, "ERROR: " + done.error().message + "\n");
  return 1;
}

}  // namespace steps
