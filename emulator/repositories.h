#pragma once
// ECR's repositories with their manifests and tags: what the API and the registry share. Blobs are in the
// image store; this knows which manifests belong to which repository, and keeps it in a file.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "ecr/image_store.h"
#include "emulator/service.h"

namespace emulator {

struct StoredManifest {
  std::string media_type;
  std::uint64_t size = 0;  ///< of the manifest and all it refers to
  double pushed_at = 0;
};

enum class ScanType { basic, enhanced };  ///< of a registry
struct ImageScan {
  double started_at = 0;
  bool on_demand = false;  ///< by StartImageScan
};

struct Repository {
  std::string name;
  double created_at = 0;
  bool immutable_tags = false;
  bool scan_on_push = false;
  std::string lifecycle_policy;
  std::string previewed_policy;                     ///< of StartLifecyclePolicyPreview
  std::string policy;                               ///< who may do what, as JSON; empty: it has none
  std::map<std::string, ImageScan> scans = {};      ///< by digest text
  base::Json findings = base::Json::array();        ///< declared: [{image: pattern, findings: […]}]
  base::Json tags = base::Json::array();            ///< AWS resource tags
  std::map<std::string, StoredManifest> manifests;  ///< by digest text
  std::map<std::string, std::string> image_tags;    ///< tag → digest text
};

class Repositories {
 public:
  static base::Result<std::unique_ptr<Repositories>> open(base::Path file, ecr::ImageStore& store,
                                                          base::Clock& clock, std::string account,
                                                          std::string region);
  /// Those of the seed that are missing.
  base::Result<void> apply_seed(const base::Json& repositories);

  [[nodiscard]] std::optional<Repository> find(const std::string& name);
  [[nodiscard]] std::vector<Repository> list();
  /// nullopt when it exists already.
  std::optional<Repository> create(const std::string& name, bool immutable, bool scan_on_push);
  bool remove(const std::string& name);
  /// Changes a repository under the lock and keeps the change.
  bool change(const std::string& name, const std::function<void(Repository&)>& change);

  /// Stores a manifest whose blobs are there. `tag` may be empty.
  enum class PutOutcome { stored, no_repository, missing_blob, immutable_tag, invalid };
  struct Put {
    PutOutcome outcome = PutOutcome::stored;
    std::string digest;
    std::string detail;
  };
  Put put_manifest(const std::string& repository, const std::string& tag, const std::string& media_type,
                   const std::string& content);
  /// The digest that a tag or digest names there.
  [[nodiscard]] std::optional<std::string> resolve(const std::string& repository, const std::string& key);
  /// Removes a tag, or by digest the manifest with all its tags; false when it is not there.
  bool remove_image(const std::string& repository, const std::string& key);

  [[nodiscard]] ScanType scan_type();
  void set_scan_type(ScanType type);

  ecr::ImageStore& store() { return store_; }
  [[nodiscard]] std::string arn_of(const std::string& repository) const;
  /// Of the repository with this ARN; null when it has none, and for any other ARN.
  [[nodiscard]] base::Json policy_of(const std::string& arn);
  [[nodiscard]] const std::string& account() const { return account_; }

 private:
  Repositories(base::Path file, ecr::ImageStore& store, base::Clock& clock, std::string account,
               std::string region)
      : file_(std::move(file)),
        store_(store),
        clock_(clock),
        account_(std::move(account)),
        region_(std::move(region)) {}
  base::Result<void> load();
  void save_locked();

  std::mutex mutex_;
  base::Path file_;
  ecr::ImageStore& store_;
  base::Clock& clock_;
  std::string account_;
  std::string region_;
  std::map<std::string, Repository> repositories_;
  ScanType scan_type_ = ScanType::basic;
};

}  // namespace emulator
