#include "cli/aws_session.h"

#include <fmt/format.h>

#include "aws/provider_chain.h"
#include "base/files.h"
#include "base/process.h"
#include "cli/interrupts.h"
#include "ecr/docker_config.h"

namespace cli {

namespace {

constexpr std::size_t kMostOfAFile = 1U << 20;
constexpr std::chrono::minutes kLongestProcess{1};
constexpr mode_t kOwnersAlone = 0600;

base::Result<std::string> read_own_file(const std::string& path) {
  if (!base::exists(path)) return base::make_error(base::ErrorKind::not_found, path + " does not exist");
  return base::read_file(path, kMostOfAFile);
}

base::Result<void> write_own_file(const std::string& path, const std::string& text) {
  return base::write_file(path, text, kOwnersAlone);
}

/// The output may hold keys: it never becomes part of an error.
base::Result<std::string> run_shell(const std::string& command) {
  TRY(auto done, base::run_process({.argv = {"/bin/sh", "-c", command + " 2>/dev/null"},
                                    .timeout = kLongestProcess,
                                    .stop = interrupt_token()}));
  if (done.exit_code == 0) return std::move(done.output);
  return base::make_error(
      base::ErrorKind::denied,
      fmt::format("credential_process ended with exit code {}: run it by hand to see why", done.exit_code));
}

}  // namespace

base::Result<aws::Client> make_aws_client(base::HttpClient& http, const std::string& region) {
  aws::ClientOptions options;
  options.http = &http;
  options.clock = &base::system_clock();
  options.stop = interrupt_token();
  const auto environment = ecr::user_environment();
  TRY(const auto config, aws::load_shared_config(environment, read_own_file));
  options.environment = aws::with_profile_settings(environment, config);
  options.region = region.empty() ? aws::region_of(options.environment) : region;
  if (options.region.empty())
    return base::invalid_input(
        "no AWS region is set: give --region, or set AWS_REGION or the profile's region");
  TRY(options.credentials, aws::find_credentials({options, read_own_file, run_shell, true, write_own_file}));
  return aws::Client(std::move(options));
}

base::Result<ecs::Service> require_service(aws::Client& client, const std::string& cluster,
                                           const std::string& service) {
  return ecs::describe_service(client, cluster, service)
      .while_doing(fmt::format(
          "looking for service {0} of cluster {1} in {2} (`pipeline status -c {1}` lists the services there)",
          service, cluster, client.options().region));
}

}  // namespace cli
