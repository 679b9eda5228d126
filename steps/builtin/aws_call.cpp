#include "steps/builtin/aws_call.h"

#include "base/strings.h"

namespace steps::builtin {

aws::ClientOptions client_options(const ActionCall& call, const RunningJob& job) {
  aws::ClientOptions options{.environment = call.environment};
  options.http = job.services->http;
  options.region = aws::region_of(call.environment);
  options.stop = call.stop;
  return options;
}

base::Result<aws::Client> step_client(const ActionCall& call, const RunningJob& job) {
  auto options = client_options(call, job);
  if (options.region.empty()) {
    return base::make_error(base::ErrorKind::not_found,
                            "there is no AWS region: set AWS_REGION, or use "
                            "aws-actions/configure-aws-credentials before this step");
  }
  TRY(options.credentials, aws::credentials_from_environment(call.environment));
  if (!options.credentials) {
    return base::make_error(base::ErrorKind::not_found,
                            "there are no AWS credentials: AWS_ACCESS_KEY_ID is not set; use "
                            "aws-actions/configure-aws-credentials before this step");
  }
  return aws::Client(std::move(options));
}

bool is_true(const ActionCall& call, std::string_view name, std::string_view fallback) {
  return base::equals_ignoring_case(call.input(name, fallback), "true");
}

std::vector<std::string> comma_list(const ActionCall& call, std::string_view name) {
  std::vector<std::string> parts;
  for (const auto& part : base::split(call.input(name), ',')) {
    if (const auto trimmed = base::trim(part); !trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

}  // namespace steps::builtin
