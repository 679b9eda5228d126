#include "emulator/repositories.h"

#include <fmt/format.h>

#include "base/log.h"
#include "emulator/ecr_scans.h"
#include "emulator/json_file.h"

namespace emulator {

namespace {

constexpr const char* kScanTypeKey = "scan type";  // no repository can have that name

base::Json to_json(const Repository& repository) {
  base::Json manifests = base::Json::object();
  for (const auto& [digest, manifest] : repository.manifests) {
    manifests[digest] = {
        {"media_type", manifest.media_type}, {"size", manifest.size}, {"pushed_at", manifest.pushed_at}};
  }
  base::Json tags = base::Json::object();
  for (const auto& [tag, digest] : repository.image_tags) tags[tag] = digest;
  base::Json scans = base::Json::object();
  for (const auto& [digest, scan] : repository.scans)
    scans[digest] = {{"started_at", scan.started_at}, {"on_demand", scan.on_demand}};
  return {{"created_at", repository.created_at},
          {"immutable_tags", repository.immutable_tags},
          {"scan_on_push", repository.scan_on_push},
          {"lifecycle_policy", repository.lifecycle_policy},
          {"previewed_policy", repository.previewed_policy},
          {"policy", repository.policy},
          {"scans", std::move(scans)},
          {"findings", repository.findings},
          {"tags", repository.tags},
          {"manifests", std::move(manifests)},
          {"image_tags", std::move(tags)}};
}

Repository from_json(const std::string& name, const base::Json& json) {
  Repository repository{.name = name,
                        .created_at = base::json_number(json, "created_at"),
                        .immutable_tags = base::json_bool(json, "immutable_tags"),
                        .scan_on_push = base::json_bool(json, "scan_on_push"),
                        .lifecycle_policy = base::json_string(json, "lifecycle_policy"),
                        .previewed_policy = base::json_string(json, "previewed_policy"),
                        .policy = base::json_string(json, "policy")};
  for (const auto& [digest, scan] : base::json_member(json, "scans").items())
    repository.scans[digest] = {base::json_number(scan, "started_at"), base::json_bool(scan, "on_demand")};
  if (const auto& findings = base::json_member(json, "findings"); findings.is_array())
    repository.findings = findings;
  if (const auto& tags = base::json_member(json, "tags"); tags.is_array()) repository.tags = tags;
  for (const auto& [digest, manifest] : base::json_member(json, "manifests").items()) {
    repository.manifests[digest] = {base::json_string(manifest, "media_type"),
                                    static_cast<std::uint64_t>(base::json_integer(manifest, "size")),
                                    base::json_number(manifest, "pushed_at")};
  }
  for (const auto& [tag, digest] : base::json_member(json, "image_tags").items()) {
    if (digest.is_string()) repository.image_tags[tag] = digest.get<std::string>();
  }
  return repository;
}

// The blobs and manifests that a manifest or an index refers to.
std::vector<base::Json> references_of(const base::Json& document) {
  std::vector<base::Json> references;
  if (const auto& config = base::json_member(document, "config"); config.is_object())
    references.push_back(config);
  for (const char* list : {"layers", "manifests"}) {
    for (const auto& entry : base::json_member(document, list)) references.push_back(entry);
  }
  return references;
}

}  // namespace

base::Result<std::unique_ptr<Repositories>> Repositories::open(base::Path file, ecr::ImageStore& store,
                                                               base::Clock& clock, std::string account,
                                                               std::string region) {
  std::unique_ptr<Repositories> repositories(
      new Repositories(std::move(file), store, clock, std::move(account), std::move(region)));
  TRY(repositories->load());
  return repositories;
}

base::Result<void> Repositories::load() {
  TRY(const auto json, load_json_file(file_));
  for (const auto& [name, entry] : json.items()) {
    if (name == kScanTypeKey) scan_type_ = entry == "ENHANCED" ? ScanType::enhanced : ScanType::basic;
    if (name != kScanTypeKey) repositories_[name] = from_json(name, entry);
  }
  return {};
}

void Repositories::save_locked() {
  base::Json json = base::Json::object();
  if (scan_type_ == ScanType::enhanced) json[kScanTypeKey] = "ENHANCED";
  for (const auto& [name, repository] : repositories_) json[name] = to_json(repository);
  if (auto saved = save_json_file(file_, json); !saved)
    base::log(base::LogLevel::error, saved.error().to_string());
}

base::Result<void> Repositories::apply_seed(const base::Json& repositories) {
  if (repositories.is_null()) return {};
  for (const auto& entry : repositories) {
    const auto name = entry.is_string() ? entry.get<std::string>() : base::json_string(entry, "name");
    if (name.empty())
      return base::make_error(base::ErrorKind::invalid_input,
                              "the seed: repositories: a repository has no name");
    (void)create(name, base::json_string(entry, "image_tag_mutability") == "IMMUTABLE",
                 base::json_bool(entry, "scan_on_push"));
    const auto& findings = base::json_member(entry, "scan_findings");
    for (const auto& declared : findings) {
      if (const auto fault = findings_fault(base::json_member(declared, "findings")); !fault.empty())
        return base::make_error(base::ErrorKind::invalid_input,
                                fmt::format("the seed: repositories: {}: scan_findings: {}", name, fault));
    }
    if (findings.is_array()) change(name, [&](Repository& repository) { repository.findings = findings; });
  }
  return {};
}

ScanType Repositories::scan_type() {
  const std::lock_guard lock(mutex_);
  return scan_type_;
}

void Repositories::set_scan_type(ScanType type) {
  const std::lock_guard lock(mutex_);
  scan_type_ = type;
  save_locked();
}

std::optional<Repository> Repositories::find(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = repositories_.find(name);
  return found == repositories_.end() ? std::nullopt : std::optional(found->second);
}

base::Json Repositories::policy_of(const std::string& arn) {
  const auto start = arn_of("");
  const auto repository = arn.starts_with(start) ? find(arn.substr(start.size())) : std::nullopt;
  if (!repository || repository->policy.empty()) return nullptr;
  return base::parse_json(repository->policy).value_or(nullptr);
}

std::vector<Repository> Repositories::list() {
  const std::lock_guard lock(mutex_);
  std::vector<Repository> all;
  for (const auto& [name, repository] : repositories_) all.push_back(repository);
  return all;
}

std::optional<Repository> Repositories::create(const std::string& name, bool immutable, bool scan_on_push) {
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = repositories_.try_emplace(name);
  if (!is_new) return std::nullopt;
  entry->second.name = name;
  entry->second.created_at = base::to_epoch_seconds(clock_.now());
  entry->second.immutable_tags = immutable;
  entry->second.scan_on_push = scan_on_push;
  save_locked();
  return entry->second;
}

bool Repositories::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const bool existed = repositories_.erase(name) > 0;
  if (existed) save_locked();
  return existed;
}

bool Repositories::change(const std::string& name, const std::function<void(Repository&)>& change) {
  const std::lock_guard lock(mutex_);
  const auto found = repositories_.find(name);
  if (found == repositories_.end()) return false;
  change(found->second);
  save_locked();
  return true;
}

Repositories::Put Repositories::put_manifest(const std::string& repository, const std::string& tag,
                                             const std::string& media_type, const std::string& content) {
  const auto document = base::parse_json(content);
  if (!document || !document->is_object()) return {PutOutcome::invalid, "", "the manifest is no JSON object"};
  std::uint64_t size = content.size();
  for (const auto& reference : references_of(*document)) {
    const auto digest = ecr::Digest::parse(base::json_string(reference, "digest"));
    if (!digest) return {PutOutcome::invalid, "", "the manifest refers to something without a valid digest"};
    // Their maker may keep them elsewhere (image-spec layer.md#non-distributable-layers).
    const bool may_be_elsewhere =
        ecr::media_type::is_foreign_layer(base::json_string(reference, "mediaType"));
    if (!may_be_elsewhere && !store_.has_blob(*digest))
      return {PutOutcome::missing_blob, "", digest->to_string()};
    size += static_cast<std::uint64_t>(base::json_integer(reference, "size"));
  }
  const auto stored = store_.put_blob(content);
  if (!stored) return {PutOutcome::invalid, "", stored.error().message};
  const auto digest = stored->to_string();
  const std::lock_guard lock(mutex_);
  const auto found = repositories_.find(repository);
  if (found == repositories_.end()) return {PutOutcome::no_repository, "", ""};
  auto& entry = found->second;
  if (!tag.empty()) {
    const auto existing = entry.image_tags.find(tag);
    // ECR refuses even the same image again (aws/containers-roadmap#2380).
    if (entry.immutable_tags && existing != entry.image_tags.end())
      return {PutOutcome::immutable_tag, existing->second, ""};
    entry.image_tags[tag] = digest;
  }
  const double now = base::to_epoch_seconds(clock_.now());
  entry.manifests[digest] = {media_type, size, now};
  if (entry.scan_on_push) entry.scans.try_emplace(digest, ImageScan{now, false});
  save_locked();
  return {PutOutcome::stored, digest, ""};
}

std::optional<std::string> Repositories::resolve(const std::string& repository, const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = repositories_.find(repository);
  if (found == repositories_.end()) return std::nullopt;
  if (key.starts_with("sha256:")) {
    return found->second.manifests.contains(key) ? std::optional(key) : std::nullopt;
  }
  const auto tag = found->second.image_tags.find(key);
  return tag == found->second.image_tags.end() ? std::nullopt : std::optional(tag->second);
}

bool Repositories::remove_image(const std::string& repository, const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = repositories_.find(repository);
  if (found == repositories_.end()) return false;
  auto& entry = found->second;
  bool removed = false;
  if (key.starts_with("sha256:")) {
    removed = entry.manifests.erase(key) > 0;
    std::erase_if(entry.image_tags, [&](const auto& tag) { return tag.second == key; });
  } else {
    removed = entry.image_tags.erase(key) > 0;
  }
  if (removed) save_locked();
  return removed;
}

std::string Repositories::arn_of(const std::string& repository) const {
  return fmt::format("arn:aws:ecr:{}:{}:repository/{}", region_, account_, repository);
}

}  // namespace emulator
