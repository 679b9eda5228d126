#pragma once
// The packages that an image's files tell of: what dpkg, apk, pip and npm wrote down about what they
// installed. Only reads; files of an image may hold anything, so what does not read as a package is passed
// over.

#include <string>
#include <vector>

#include "base/result.h"

namespace ecr {

struct FoundPackage {
  enum class Kind { deb, apk, pypi, npm } kind = Kind::deb;
  std::string name;
  std::string version;
  std::string architecture;  ///< of deb and apk
  std::string license;       ///< as written; empty when it is not said
  std::string supplier;
  std::string source;  ///< the file that tells of it
  auto operator<=>(const FoundPackage&) const = default;
};

/// Which distribution the image is, after its os-release: debian, 12.
struct FoundDistribution {
  std::string id;
  std::string version;
};

struct FoundPackages {
  FoundDistribution distribution;
  std::vector<FoundPackage> packages;  ///< sorted
};

/// Of the tree that is open at `root`.
base::Result<FoundPackages> find_packages(int root);

/// The package's URL: `pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12` (package-url/purl-spec).
std::string package_url(const FoundPackage& package, const FoundDistribution& distribution);

}  // namespace ecr
