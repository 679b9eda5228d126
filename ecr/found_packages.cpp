#include "ecr/found_packages.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "base/fd.h"
#include "base/files.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "ecr/tree_walk.h"

namespace ecr {

namespace {

using base::Result;

constexpr std::size_t kLargestDatabase = 64U << 20;
constexpr std::size_t kLargestRecord = 1U << 20;
constexpr std::size_t kMostPackages = 200'000;
constexpr std::size_t kLongestField = 500;

using PackageFields = std::map<std::string, std::string>;

/// A file of the image; empty when there is none, or it is too large to be what it should be.
std::string text_in_image(int root, const std::string& path, std::size_t limit) {
  const auto file = base::open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status {};
  if (!file || ::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  return base::read_all(file->get(), limit).value_or("");
}

std::string field_of(const PackageFields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end()
             ? ""
             : base::with_valid_utf8(base::clipped(base::trim(found->second), kLongestField));
}

class PackageFinder {
 public:
  explicit PackageFinder(int root) : root_(root) {}

  Result<FoundPackages> find() {
    read_distribution();
    read_dpkg();
    for (const char* path : {"lib/apk/db/installed", "usr/lib/apk/db/installed"}) read_apk(path);
    TRY(walk_source({.root = root_}, "", [this](const WalkedEntry& entry) {
      look_at(entry);
      return Result<void>();
    }));
    auto& packages = found_.packages;
    std::sort(packages.begin(), packages.end());
    packages.erase(std::unique(packages.begin(), packages.end()), packages.end());
    return std::move(found_);
  }

 private:
  void add(FoundPackage package) {
    if (package.name.empty() || package.version.empty() || found_.packages.size() >= kMostPackages) return;
    found_.packages.push_back(std::move(package));
  }

  void read_distribution() {
    for (const char* path : {"etc/os-release", "usr/lib/os-release"}) {
      const auto text = text_in_image(root_, path, kLargestRecord);
      for (const auto line : base::lines_of(text)) {
        const auto equals = line.find('=');
        auto value = equals == std::string_view::npos ? "" : std::string(base::trim(line.substr(equals + 1)));
        std::erase(value, '"');
        value = base::with_valid_utf8(base::clipped(value, kLongestField));
        if (line.starts_with("ID=")) found_.distribution.id = value;
        if (line.starts_with("VERSION_ID=")) found_.distribution.version = value;
      }
      if (!found_.distribution.id.empty()) return;
    }
  }

  // `Name: value` with more lines of the value behind blanks; an empty line ends a package (deb-control(5)).
  template <typename Take>
  static void read_paragraphs(const std::string& text, const Take& take) {
    PackageFields fields;
    for (const auto line : base::lines_of(text)) {
      if (base::trim(line).empty()) {
        if (!fields.empty()) take(fields);
        fields.clear();
        continue;
      }
      const auto colon = line.find(':');
      if (line[0] == ' ' || line[0] == '\t' || colon == std::string_view::npos) continue;
      fields.try_emplace(std::string(line.substr(0, colon)), line.substr(colon + 1));
    }
    if (!fields.empty()) take(fields);
  }

  void read_dpkg() {
    std::vector<std::string> files = {"var/lib/dpkg/status"};
    // Images without a shell have a file for each package.
    const auto folder =
        base::open_beneath(root_, "var/lib/dpkg/status.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder) {
      const auto names = base::list_directory(fmt::format("/proc/self/fd/{}", folder->get()));
      for (std::size_t i = 0; names && i < names->size(); ++i)
        files.push_back("var/lib/dpkg/status.d/" + (*names)[i]);
    }
    for (const auto& file : files) {
      read_paragraphs(text_in_image(root_, file, kLargestDatabase), [&](const PackageFields& fields) {
        const auto status = field_of(fields, "Status");
        if (!status.empty() && !status.ends_with(" installed")) return;
        add({FoundPackage::Kind::deb, field_of(fields, "Package"), field_of(fields, "Version"),
             field_of(fields, "Architecture"), "", field_of(fields, "Maintainer"), "/" + file});
      });
    }
  }

  // `P:name`, one letter for each field (apk's wiki "Apk spec", installed database).
  void read_apk(const std::string& path) {
    read_paragraphs(text_in_image(root_, path, kLargestDatabase), [&](const PackageFields& fields) {
      add({FoundPackage::Kind::apk, field_of(fields, "P"), field_of(fields, "V"), field_of(fields, "A"),
           field_of(fields, "L"), field_of(fields, "m"), "/" + path});
    });
  }

  void look_at(const WalkedEntry& entry) {
    if (!S_ISREG(entry.status.st_mode)) return;
    const base::Path path = entry.path;
    const auto folder = path.parent_path().filename().string();
    const bool in_wheel = entry.name == "METADATA" && folder.ends_with(".dist-info");
    const bool in_egg = entry.name == "PKG-INFO" && folder.ends_with(".egg-info");
    if (in_wheel || in_egg) read_python(entry.path);
    if (entry.name != "package.json") return;
    const auto above = path.parent_path().parent_path();
    const bool scoped =
        above.filename().string().starts_with('@') && above.parent_path().filename() == "node_modules";
    if (scoped || above.filename() == "node_modules") read_npm(entry.path);
  }

  // Core metadata of Python packages: a header as mails have it, up to the first empty line.
  void read_python(const std::string& path) {
    const auto text = text_in_image(root_, path, kLargestRecord);
    bool first = true;
    read_paragraphs(text, [&](const PackageFields& fields) {
      if (!std::exchange(first, false)) return;
      auto license = field_of(fields, "License-Expression");
      if (license.empty()) license = field_of(fields, "License");
      add({FoundPackage::Kind::pypi, field_of(fields, "Name"), field_of(fields, "Version"), "", license,
           field_of(fields, "Author"), "/" + path});
    });
  }

  void read_npm(const std::string& path) {
    const auto json = base::parse_json(text_in_image(root_, path, kLargestRecord));
    if (!json || !json->is_object()) return;
    PackageFields fields;
    for (const char* name : {"name", "version", "license"}) fields[name] = base::json_string(*json, name);
    add({FoundPackage::Kind::npm, field_of(fields, "name"), field_of(fields, "version"), "",
         field_of(fields, "license"), "", "/" + path});
  }

  int root_;
  FoundPackages found_;
};

}  // namespace

Result<FoundPackages> find_packages(int root) {
  return PackageFinder(root).find();
}

std::string package_url(const FoundPackage& package, const FoundDistribution& distribution) {
  const auto encoded = [](const std::string& text) { return base::percent_encode(text, ":"); };
  auto name = package.name;
  switch (package.kind) {
    case FoundPackage::Kind::pypi:
      name = base::replace_all(base::to_lower(name), "_", "-");
      return fmt::format("pkg:pypi/{}@{}", encoded(name), encoded(package.version));
    case FoundPackage::Kind::npm: {
      const auto slash = name.find('/');
      if (slash == std::string::npos)
        return fmt::format("pkg:npm/{}@{}", encoded(name), encoded(package.version));
      return fmt::format("pkg:npm/{}/{}@{}", encoded(name.substr(0, slash)), encoded(name.substr(slash + 1)),
                         encoded(package.version));
    }
    case FoundPackage::Kind::deb:
    case FoundPackage::Kind::apk:
      break;
  }
  const bool is_deb = package.kind == FoundPackage::Kind::deb;
  const auto vendor = distribution.id.empty() ? (is_deb ? "debian" : "alpine") : distribution.id;
  auto url =
      fmt::format("pkg:{}/{}/{}@{}?arch={}", is_deb ? "deb" : "apk", encoded(vendor),
                  encoded(base::to_lower(name)), encoded(package.version), encoded(package.architecture));
  if (!distribution.version.empty())
    url += fmt::format("&distro={}", encoded(vendor + "-" + distribution.version));
  return url;
}

}  // namespace ecr
