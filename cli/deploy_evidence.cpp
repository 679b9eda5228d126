#include "cli/deploy_evidence.h"

#include <fmt/format.h>

#include <cstdlib>
#include <set>

#include "base/clock.h"
#include "base/json.h"
#include "ecr/attach.h"
#include "ecr/ecr_client.h"

namespace cli {

namespace {

using base::Json;

/// Who asked for it, where a workflow did.
Json asking_run() {
  Json run = Json::object();
  for (const char* name : {"GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF", "GITHUB_WORKFLOW", "GITHUB_JOB",
                           "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_ACTOR"}) {
    if (const char* value = std::getenv(name)) run[name] = value;
  }
  return run;
}

/// Images by container. Nothing else of a task definition: its environment may hold secrets.
base::Result<Json> images_of(aws::Client& client, const std::string& definition_arn) {
  TRY(const auto definition, ecs::describe_task_definition(client, definition_arn));
  Json images = Json::object();
  for (const auto& container : base::json_member(definition, "containerDefinitions"))
    images[base::json_string(container, "name")] = base::json_string(container, "image");
  return images;
}

}  // namespace

base::Result<void> attach_evidence(aws::Client& client, base::HttpClient& http,
                                   const ecs::ReleaseOutcome& outcome, const Json& report) {
  TRY(const auto token, ecr::get_authorization_token(client));
  ecr::RegistryOptions options{.http = &http};
  options.credentials[token.host] = token.credentials;
  Json record = {{"run", asking_run()},
                 {"finishedOn", base::format_iso8601(base::system_clock().now())},
                 {"images", Json::object()},
                 {"deployment", report}};
  std::set<std::string> references;
  for (const auto& item : outcome.items) {
    if (item.task_definition.empty()) continue;
    TRY(record["images"][item.name], images_of(client, item.task_definition));
    for (const auto& image : record["images"][item.name]) references.insert(image.get<std::string>());
  }
  const ecr::Predicate predicate{kDeploymentPredicate, base::to_text(record)};
  for (const auto& reference : references) {
    TRY(const auto image, ecr::parse_image_reference(reference));
    if (image.host != token.host) continue;
    TRY(const auto digest,
        ecr::attach(image, predicate, options).while_doing("attaching the record to " + reference));
    fmt::print(stderr, "evidence: {} refers to {}\n", digest.to_string(), reference);
  }
  return {};
}

}  // namespace cli
