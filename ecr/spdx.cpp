#include "ecr/spdx.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::Json;

constexpr const char* kUnknown = "NOASSERTION";
constexpr const char* kDocument = "SPDXRef-DOCUMENT";

/// Whether it may stand as a license expression: identifiers with AND, OR or WITH between them. What people
/// write otherwise ("MIT License") is no SPDX.
bool is_license_expression(const std::string& text) {
  bool wants_name = true;
  for (const auto& word : base::split(text, ' ')) {
    const bool joins = word == "AND" || word == "OR" || word == "WITH";
    const bool is_name = !word.empty() && word.find_first_not_of(
                                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789.+-") == std::string::npos;
    if (joins == wants_name || !is_name) return false;
    wants_name = joins;
  }
  return !wants_name;
}

const char* told_by(FoundPackage::Kind kind) {
  switch (kind) {
    case FoundPackage::Kind::deb:
      return "DPKG DB";
    case FoundPackage::Kind::apk:
      return "APK DB";
    case FoundPackage::Kind::pypi:
      return "installed python package manifest file";
    case FoundPackage::Kind::npm:
      return "installed node module manifest file";
  }
  return "";
}

Json spdx_package(const FoundPackage& package, const FoundDistribution& distribution, const std::string& id) {
  Json json = {
      {"SPDXID", id},
      {"name", package.name},
      {"versionInfo", package.version},
      {"downloadLocation", kUnknown},
      {"filesAnalyzed", false},
      {"sourceInfo", fmt::format("acquired package info from {}: {}", told_by(package.kind), package.source)},
      {"licenseConcluded", kUnknown},
      {"licenseDeclared", is_license_expression(package.license) ? package.license : kUnknown},
      {"copyrightText", kUnknown}};
  if (!package.supplier.empty()) json["originator"] = "Person: " + package.supplier;
  json["externalRefs"] = Json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                                       {"referenceType", "purl"},
                                       {"referenceLocator", package_url(package, distribution)}}});
  return json;
}

}  // namespace

Json to_spdx(const FoundPackages& found, const std::string& name, const std::string& created) {
  Json packages = Json::array();
  Json relationships = Json::array();
  base::Sha256 digest;
  digest.update(name + "\n" + created + "\n");
  for (const auto& package : found.packages) {
    const auto url = package_url(package, found.distribution);
    const auto id = "SPDXRef-Package-" + base::sha256_hex(url + " " + package.source).substr(0, 16);
    digest.update(id + "\n");
    packages.push_back(spdx_package(package, found.distribution, id));
    relationships.push_back(
        {{"spdxElementId", kDocument}, {"relationshipType", "DESCRIBES"}, {"relatedSpdxElement", id}});
  }
  const auto whole = base::to_hex(base::as_text(digest.finish()));
  return {{"spdxVersion", "SPDX-2.3"},
          {"dataLicense", "CC0-1.0"},
          {"SPDXID", kDocument},
          {"name", name},
          {"documentNamespace", "https://spdx.org/spdxdocs/pipeline-" + whole},
          {"creationInfo", {{"created", created}, {"creators", Json::array({"Tool: pipeline"})}}},
          {"packages", std::move(packages)},
          {"relationships", std::move(relationships)}};
}

}  // namespace ecr
