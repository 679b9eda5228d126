#include "steps/builtin_actions.h"

#include "base/strings.h"

namespace steps {
namespace {

struct Builtin {
  std::string_view name;
  BuiltinAction action;
};

constexpr Builtin kBuiltins[] = {
    {"actions/checkout", builtin::checkout},
    {"actions/upload-artifact", builtin::upload_artifact},
    {"actions/upload-artifact/merge", builtin::merge_artifacts},
    {"actions/download-artifact", builtin::download_artifact},
    {"actions/cache", builtin::cache},
    {"actions/cache/restore", builtin::cache_restore},
    {"actions/cache/save", builtin::cache_save},
    {"actions/setup-python", builtin::setup_python},
    {"actions/setup-node", builtin::setup_node},
    {"actions/setup-go", builtin::setup_go},
    {"actions/setup-java", builtin::setup_java},
    {"actions/github-script", builtin::github_script},
    {"docker/setup-buildx-action", builtin::docker_setup_buildx},
    {"docker/setup-qemu-action", builtin::docker_setup_qemu},
    {"docker/login-action", builtin::docker_login},
    {"docker/metadata-action", builtin::docker_metadata},
    {"docker/build-push-action", builtin::docker_build_push},
    {"aws-actions/configure-aws-credentials", builtin::configure_aws_credentials},
    {"aws-actions/amazon-ecr-login", builtin::amazon_ecr_login},
    {"aws-actions/amazon-ecs-render-task-definition", builtin::amazon_ecs_render_task_definition},
    {"aws-actions/amazon-ecs-deploy-task-definition", builtin::amazon_ecs_deploy_task_definition},
};

}  // namespace

std::string ActionCall::input(std::string_view name, std::string_view fallback) const {
  const auto found = inputs.find(base::to_lower(name));
  const std::string_view value = found == inputs.end() ? std::string_view() : base::trim(found->second);
  return std::string(value.empty() ? fallback : value);
}

std::string ActionCall::variable(std::string_view name) const {
  const auto found = environment.find(std::string(name));
  return found == environment.end() ? std::string() : found->second;
}

BuiltinAction find_builtin_action(std::string_view uses) {
  const std::string_view name = uses.substr(0, uses.find('@'));
  for (const Builtin& known : kBuiltins) {
    if (base::equals_ignoring_case(known.name, name)) return known.action;
  }
  return nullptr;
}

BuiltinAction builtin_for(std::string_view uses, const std::vector<std::string>& no_builtin) {
  const std::string_view name = uses.substr(0, uses.find('@'));
  const std::string_view short_name = name.substr(name.find('/') + 1);
  for (const std::string& refused : no_builtin) {
    const std::string_view compared = refused.find('/') == std::string::npos ? short_name : name;
    if (!base::equals_ignoring_case(refused, compared.substr(0, refused.size()))) continue;
    // actions/cache is the repository of actions/cache/restore, too.
    if (compared.size() == refused.size() || compared[refused.size()] == '/') return nullptr;
  }
  return find_builtin_action(uses);
}

std::vector<std::string> builtin_action_names() {
  std::vector<std::string> names;
  for (const Builtin& known : kBuiltins) names.emplace_back(known.name);
  return names;
}

bool builtin::is_true(std::string_view text) {
  return base::equals_ignoring_case(text, "true");
}

}  // namespace steps
