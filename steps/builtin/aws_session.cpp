#include "steps/builtin/aws_session.h"

#include "base/strings.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kMaximumCredentialsFile = 1U << 20;

}  // namespace

std::vector<std::string> comma_list(const ActionCall& call, std::string_view name) {
  std::vector<std::string> parts;
  for (const auto& part : base::split(call.input(name), ',')) {
    if (const auto trimmed = base::trim(part); !trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

void warn(RunningJob& job, std::string message) {
  job.log->annotation({.level = LineKind::warning, .message = std::move(message)});
}

aws::ClientOptions aws_options(const ActionCall& call, const RunningJob& job) {
  aws::ClientOptions options;
  options.http = job.services->http;
  options.clock = job.services->clock;
  options.environment = call.environment;
  options.region = aws::region_of(call.environment);
  options.stop = call.stop;
  return options;
}

base::Result<aws::Credentials> find_aws_credentials(const ActionCall& call, const RunningJob& job) {
  TRY(auto credentials, aws::credentials_from_environment(call.environment));
  if (credentials) return std::move(*credentials);
  const std::string file = call.variable("AWS_SHARED_CREDENTIALS_FILE");
  if (file.empty()) {
    return base::make_error(base::ErrorKind::not_found,
                            "no AWS credentials: AWS_ACCESS_KEY_ID is not set. Put a step with "
                            "aws-actions/configure-aws-credentials before this one");
  }
  TRY(const std::string text, read_job_file(job.folders, file, kMaximumCredentialsFile)
                                  .while_doing("reading AWS_SHARED_CREDENTIALS_FILE"));
  const std::string profile = call.variable("AWS_PROFILE");
  return aws::credentials_from_profile(text, profile.empty() ? "default" : profile);
}

base::Result<aws::Client> make_aws_client(const ActionCall& call, const RunningJob& job) {
  aws::ClientOptions options = aws_options(call, job);
  TRY(options.credentials, find_aws_credentials(call, job));
  return aws::Client(std::move(options));
}

}  // namespace steps::builtin
