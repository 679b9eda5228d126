#pragma once
// ECS records as the API shows them, and the small things its operations share. Members with nothing to say
// are left out, as AWS does; times are epoch seconds.

#include <string_view>
#include <vector>

#include "emulator/ecs_state.h"

namespace emulator {

/// An answer of the API that is an error: `code` is the exception's name.
base::Error ecs_error(std::string code, std::string message);
base::Error cluster_not_found();

enum class WithTags { no, yes };
/// Whether `include` names TAGS.
WithTags wants_tags(const base::Json& request);
base::Json cluster_json(const EcsState& state, const Cluster& cluster);
base::Json service_json(const EcsState& state, const Service& service, WithTags tags);
base::Json task_set_json(const EcsState& state, const Service& service, const TaskSet& task_set,
                         WithTags tags);
base::Json task_json(const EcsState& state, const TaskRecord& task, WithTags tags);
base::Json service_deployment_json(const EcsState& state, const Service& service,
                                   const ServiceDeployment& record);
base::Json service_deployment_brief(const Service& service, const ServiceDeployment& record);
base::Json service_revision_json(const Service& service, const ServiceRevision& revision);
/// An entry of DescribeServices' `currentServiceRevisions`.
base::Json current_revision_json(const EcsState& state, const Service& service, const Deployment& deployment);

struct TaskCounts {
  int running = 0;
  int pending = 0;
};
TaskCounts count_tasks(const EcsState& state, const Deployment& deployment);
/// Nothing to say is no member.
void set_time(base::Json& object, const char* key, double time);
void set_text(base::Json& object, const char* key, const std::string& text);
/// {arn, reason: MISSING}
base::Json missing(std::string arn);

/// The strings of a request's list; absent is none.
std::vector<std::string> string_list(const base::Json& request, std::string_view key);
/// One page of `items` under `key`, by the request's maxResults and nextToken.
base::Json page_of(const base::Json& request, std::string_view key, const std::vector<std::string>& items,
                   std::size_t usual);

}  // namespace emulator
