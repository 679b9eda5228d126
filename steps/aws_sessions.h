#pragma once
// The AWS credentials that steps of a job were given and that can be renewed while the job runs: later
// built-ins find them by the access key that stands in their environment. In memory only.

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "aws/credentials.h"

namespace steps {

class AwsSessions {
 public:
  /// Replaces what is known for that key.
  void add(const std::string& access_key_id, aws::CredentialSource source);
  [[nodiscard]] std::optional<aws::CredentialSource> find(const std::string& access_key_id) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, aws::CredentialSource> sources_;
};

}  // namespace steps
