#pragma once
// What ECR knows of the images of a task definition: digest, platforms, mutability, and which rule of the
// repository's lifecycle policy will expire one. Reads by the API only; the registry is ecr/'s.

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace ecs {

/// `account.dkr.ecr.region.amazonaws.com/repository:tag@digest` taken apart.
struct EcrReference {
  std::string account;
  std::string region;
  std::string repository;
  std::string tag;
  std::string digest;
};
/// Nothing for an image of another registry than ECR's, or the one at `endpoint`, which stands for it.
std::optional<EcrReference> read_ecr_reference(const std::string& image, const std::string& endpoint = "");
/// The same with the client's own endpoint of ECR.
std::optional<EcrReference> ecr_reference(const aws::Client& client, const std::string& image);

struct EcrImageFact {
  std::string digest;
  std::vector<std::string> platforms;  ///< linux/amd64 …; empty: not known
  std::string mutability;              ///< of the repository's tags
  std::vector<std::string> members;    ///< digests of an index's manifests
};
base::Result<EcrImageFact> find_ecr_image(aws::Client& client, const EcrReference& reference);

/// An image as DescribeImages has it.
struct KeptImage {
  std::string digest;
  std::vector<std::string> tags;
  double pushed_at = 0;
};
/// The priority of the rule that expires the image when one more is pushed `now`; 0: none does. Rules are
/// those of a lifecycle policy's text (count or age, tag prefixes and patterns); each image falls to the
/// first that selects it.
int expiring_rule(const base::Json& policy, const std::vector<KeptImage>& images, const std::string& digest,
                  double now);

/// The image that a rollback would need.
struct RollbackImageFact {
  std::string reference;
  base::Result<int> expiring_rule;  ///< as above
};
RollbackImageFact find_rollback_image(aws::Client& client, const std::string& image);

}  // namespace ecs
