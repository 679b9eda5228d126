#include "steps/aws_sessions.h"

#include "steps/running_job.h"

namespace steps {

void AwsSessions::add(const std::string& access_key_id, aws::CredentialSource source) {
  const std::lock_guard lock(mutex_);
  sources_.insert_or_assign(access_key_id, std::move(source));
}

std::optional<aws::CredentialSource> AwsSessions::find(const std::string& access_key_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = sources_.find(access_key_id);
  return found == sources_.end() ? std::nullopt : std::optional(found->second);
}

std::shared_ptr<AwsSessions> make_aws_sessions() {
  return std::make_shared<AwsSessions>();
}

}  // namespace steps
