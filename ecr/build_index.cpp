// build_image(): the images of all platforms, what is said about them, and the index around them where there
// is more than one thing.
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecr/attestation.h"
#include "ecr/build_platform.h"
#include "ecr/build_variables.h"
#include "ecr/check_build.h"
#include "ecr/dockerfile.h"
#include "ecr/found_packages.h"
#include "ecr/overlay_view.h"
#include "ecr/provenance.h"
#include "ecr/spdx.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;
using Level = Annotation::Level;

Result<void> read_epoch(BuildOptions& options) {
  TRY(const auto file, parse_dockerfile(options.dockerfile, options.dockerfile_name));
  TRY(const auto variables, GlobalVariables::evaluate(file, options, options.platforms[0]));
  const auto given = options.build_args.find(kEpochArg);
  // The Dockerfile may have one of its own, as a global ARG; an empty argument takes it away.
  const auto epoch =
      given != options.build_args.end() ? given->second : variables.find(kEpochArg).value_or("");
  if (epoch.empty()) return {};
  const auto seconds = base::parse_integer(epoch);
  if (!seconds || *seconds < 0) {
    return make_error(
        ErrorKind::invalid_input,
        fmt::format("the build-arg {}: expected seconds since 1970, found '{}'", kEpochArg, epoch));
  }
  options.source_date_epoch = *seconds;
  return {};
}

class IndexBuild {
 public:
  IndexBuild(const BuildOptions& options, ImageStore& store) : options_(options), store_(store) {}

  Result<BuiltImage> run() {
    const bool is_index = options_.platforms.size() > 1 || options_.sbom || options_.provenance ||
                          has_annotations_of_an_index();
    BuiltImage whole;
    for (const auto& platform : options_.platforms) {
      TRY(auto built, build_one(platform));
      if (manifests_.empty()) whole = built;
      if (!manifests_.empty()) add(built, whole);
      manifests_.push_back(built.manifest);
      if (options_.sbom || options_.provenance) {
        TRY(auto attested, attest(built));
        attestations_.push_back(std::move(attested));
      }
    }
    if (is_index) {
      TRY(whole.manifest, store_index());
    }
    TRY(name(whole));
    TRY(export_caches(whole));
    return whole;
  }

 private:
  bool has_annotations_of_an_index() const {
    return std::any_of(options_.annotations.begin(), options_.annotations.end(),
                       [](const Annotation& annotation) { return annotation.level != Level::manifest; });
  }

  static void add(const BuiltImage& built, BuiltImage& whole) {
    whole.compressed_size += built.compressed_size;
    whole.steps_cached += built.steps_cached;
    whole.steps_run += built.steps_run;
    whole.findings.insert(whole.findings.end(), built.findings.begin(), built.findings.end());
    whole.records.insert(whole.records.end(), built.records.begin(), built.records.end());
    whole.all_records.insert(whole.all_records.end(), built.all_records.begin(), built.all_records.end());
  }

  Result<BuiltImage> build_one(const Platform& platform) {
    const auto started = base::format_iso8601(base::system_clock().now());
    TRY(auto built, build_for_platform(options_, platform, store_));
    built.invocation = base::random_hex(16);
    built.started = started;
    built.finished = base::format_iso8601(base::system_clock().now());
    const auto annotations = annotations_of(options_.annotations, Level::manifest, platform);
    if (!annotations.empty()) {
      TRY(auto image, store_.image(built.manifest));
      image.manifest.annotations.insert(annotations.begin(), annotations.end());
      const auto text = to_text(image.manifest);
      TRY(built.manifest.digest, store_.put_blob(text));
      built.manifest.size = text.size();
    }
    built.manifest.platform = platform;
    built.manifest.annotations = annotations_of(options_.annotations, Level::manifest_descriptor, platform);
    return built;
  }

  Result<Descriptor> attest(const BuiltImage& built) {
    std::vector<Predicate> predicates;
    if (options_.sbom) {
      TRY(auto text, bill_of_materials(built));
      predicates.push_back({kSpdxPredicate, std::move(text)});
    }
    if (options_.provenance)
      predicates.push_back({kProvenancePredicate, provenance_of(options_, *options_.provenance, built)});
    return store_attestations(built.manifest, options_.tags, predicates, store_);
  }

  Result<std::string> bill_of_materials(const BuiltImage& built) {
    TRY(const auto image, store_.image(built.manifest));
    FoundPackages found;
    if (!image.manifest.layers.empty()) {
      TRY(const auto trees, store_.unpack(image.manifest));
      TRY(const auto root, open_overlay(trees, std::nullopt));
      TRY(found, find_packages(root.get()));
    }
    const auto name = options_.tags.empty() ? "sbom" : options_.tags[0];
    return base::to_text(to_spdx(found, name, image.config.created));
  }

  Result<Descriptor> store_index() {
    Json manifests = Json::array();
    for (const auto& manifest : manifests_) manifests.push_back(to_json(manifest));
    for (const auto& attestation : attestations_) manifests.push_back(to_json(attestation));
    Json index = {
        {"schemaVersion", 2}, {"mediaType", media_type::kOciIndex}, {"manifests", std::move(manifests)}};
    const auto annotations = annotations_of(options_.annotations, Level::index, std::nullopt);
    if (!annotations.empty()) index["annotations"] = annotations;
    const auto text = base::to_text(index);
    TRY(const auto digest, store_.put_blob(text));
    return Descriptor{
        .media_type = media_type::kOciIndex,
        .digest = digest,
        .size = text.size(),
        .platform = {},
        .annotations = annotations_of(options_.annotations, Level::index_descriptor, std::nullopt)};
  }

  Result<void> name(BuiltImage& whole) {
    for (const auto& tag : options_.tags) {
      TRY(const auto reference, parse_image_reference(tag));
      TRY(store_.tag(reference.to_string(), whole.manifest));
      whole.tags.push_back(reference.to_string());
    }
    return options_.tags.empty() ? store_.tag("", whole.manifest) : Result<void>();
  }

  void say(const std::string& line) const {
    if (options_.progress) options_.progress({0, BuildProgress::What::output, "#0 " + line});
  }

  Result<void> export_caches(const BuiltImage& whole) {
    for (const auto& place : options_.cache_to) {
      if (place.kind == CachePlace::Kind::in_image) continue;
      say("exporting the cache to " + place.name);
      auto done = export_cache(place, place.all_stages ? whole.all_records : whole.records, store_,
                               options_.registry);
      if (!done && !place.optional) return done;
      if (!done) say("the build goes on: " + done.error().message);
    }
    return {};
  }

  const BuildOptions& options_;
  ImageStore& store_;
  std::vector<Descriptor> manifests_;
  std::vector<Descriptor> attestations_;
};

}  // namespace

Result<BuiltImage> build_image(BuildOptions options, ImageStore& store) {
  TRY(read_epoch(options));
  if (options.platforms.empty()) options.platforms = {host_platform()};
  for (const auto& platform : options.platforms) {
    if (std::count(options.platforms.begin(), options.platforms.end(), platform) > 1)
      return make_error(ErrorKind::invalid_input,
                        fmt::format("the platform {} is named twice", to_string(platform)));
  }
  TRY(auto checked, check_build(options, store, CheckedStages::needed));
  TRY(tell_checks(checked, options));
  TRY(auto built, IndexBuild(options, store).run());
  built.findings.insert(built.findings.begin(), checked.findings.begin(), checked.findings.end());
  return built;
}

}  // namespace ecr
