#include "steps/builtin/aws_session.h"

#include "aws/provider_chain.h"
#include "base/strings.h"
#include "steps/aws_sessions.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kMaximumCredentialsFile = 1U << 20;

/// Reads what steps see; for them, what lies outside of the job's folders does not exist.
aws::ReadFile reader_of(const RunningJob& job) {
  return [folders = job.folders](const std::string& path) {
    return read_job_file(folders, path, kMaximumCredentialsFile);
  };
}

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

base::Error prefixed(base::Error error, std::string_view prefix) {
  error.message.insert(0, prefix);
  return error;
}

aws::ClientOptions aws_options(const ActionCall& call, const RunningJob& job) {
  aws::ClientOptions options;
  options.http = job.services->http;
  options.clock = job.services->clock;
  const auto config = aws::load_shared_config(call.environment, reader_of(job));
  options.environment = config ? aws::with_profile_settings(call.environment, *config) : call.environment;
  if (const auto proxy = call.input("http-proxy"); !proxy.empty()) {
    for (const char* name : {"https_proxy", "http_proxy"}) options.environment[name] = proxy;
  }
  if (const auto exempt = call.input("no-proxy"); !exempt.empty()) options.environment["no_proxy"] = exempt;
  options.region = aws::region_of(options.environment);
  options.stop = call.stop;
  return options;
}

base::Result<aws::CredentialSource> find_aws_credentials(const ActionCall& call, const RunningJob& job) {
  if (auto known = job.services->aws_sessions->find(call.variable("AWS_ACCESS_KEY_ID")))
    return std::move(*known);
  aws::CredentialPlaces places{aws_options(call, job), reader_of(job), nullptr,
                               job.services->network == sandbox::NetworkMode::host};
  return aws::find_credentials(places);
}

base::Result<aws::Client> make_aws_client(const ActionCall& call, const RunningJob& job) {
  aws::ClientOptions options = aws_options(call, job);
  TRY(options.credentials, find_aws_credentials(call, job));
  return aws::Client(std::move(options));
}

}  // namespace steps::builtin
