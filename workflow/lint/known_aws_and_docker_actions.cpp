#include "workflow/lint/known_action_rows.h"

namespace workflow::lint {

namespace {

constexpr KnownActionRow kAwsAndDockerActions[] = {
    {"aws-actions/amazon-ecr-login", 2, "1:node16 2:node24",
     "http-proxy mask-password registries registry-type skip-logout", "* registry"},
    {"aws-actions/amazon-ecs-deploy-task-definition", 2, "1:node20 2:node24",
     "!task-definition desired-count service cluster wait-for-service-stability wait-for-minutes "
     "codedeploy-appspec codedeploy-application codedeploy-deployment-group "
     "codedeploy-deployment-description force-new-deployment wait-max-delay-seconds:2- "
     "codedeploy-deployment-config:2- service-managed-ebs-volume-name:2- service-managed-ebs-volume:2- "
     "run-task:2- run-task-container-overrides:2- run-task-security-groups:2- run-task-subnets:2- "
     "run-task-assign-public-IP:2- run-task-capacity-provider-strategy:2- run-task-launch-type:2- "
     "run-task-started-by:2- run-task-tags:2- run-task-managed-ebs-volume-name:2- "
     "run-task-managed-ebs-volume:2- wait-for-task-stopped:2- enable-ecs-managed-tags:2- propagate-tags:2- "
     "keep-null-value-keys:2- max-retries:2-",
     "task-definition-arn codedeploy-deployment-id run-task-arn:2-"},
    {"aws-actions/amazon-ecs-render-task-definition", 1, "1:node24",
     "task-definition task-definition-arn task-definition-family task-definition-revision !container-name "
     "!image environment-variables log-configuration-log-driver log-configuration-options docker-labels "
     "command task-role-arn execution-role-arn env-files secrets",
     "task-definition"},
    {"aws-actions/configure-aws-credentials", 6, "1:node12 2:node16 4:node20 6:node24",
     "audience aws-access-key-id aws-secret-access-key aws-session-token !aws-region mask-aws-account-id "
     "role-to-assume web-identity-token-file role-duration-seconds role-session-name role-external-id "
     "role-skip-session-tagging http-proxy:2- role-chaining:2- inline-session-policy:2- "
     "managed-session-policies:2- output-credentials:3- unset-current-credentials:3- disable-retry:3- "
     "retry-max-attempts:3- special-characters-workaround:3- output-env-credentials:4- "
     "use-existing-credentials:4- no-proxy:5- allowed-account-ids:5- force-skip-oidc:5- action-timeout-s:5- "
     "aws-profile:6- overwrite-aws-profile:6- transitive-tag-keys:6- custom-tags:6- sts-endpoint:6-",
     "aws-account-id aws-access-key-id:3- aws-secret-access-key:3- aws-session-token:3- aws-expiration:4-"},
    {"docker/bake-action", 7, "1:node12 2:node16 4:node20 7:node24",
     "builder !files:-3 targets no-cache pull load push set workdir:2-6 source:2- provenance:3- sbom:3- "
     "files:4- github-token:4- allow:5- call:6-",
     "metadata"},
    {"docker/build-push-action", 7, "1:docker 2:node12 3:node16 5:node20 7:node24",
     "username:-1 password:-1 registry:-1 ~repository:-1 tags tag_with_ref:-1 tag_with_sha:-1 path:-1 "
     "dockerfile:-1 target always_pull:-1 build_args:-1 cache_froms:-1 labels add_git_labels:-1 push "
     "add-hosts:2- allow:2- build-args:2- build-contexts:2- builder:2- cache-from:2- cache-to:2- "
     "cgroup-parent:2- context:2- file:2- load:2- network:2- no-cache:2- outputs:2- platforms:2- pull:2- "
     "secrets:2- secret-files:2- shm-size:2- ssh:2- ulimit:2- github-token:2- attests:3- "
     "no-cache-filters:3- provenance:3- sbom:3- annotations:5- secret-envs:5- call:6-",
     "imageid:2- digest:2- metadata:2-"},
    {"docker/login-action", 4, "1:node12 2:node16 3:node20 4:node24",
     "registry username password ecr logout scope:3- registry-auth:3-", ""},
    {"docker/metadata-action", 6, "1:node12 4:node16 5:node20 6:node24",
     "!images:-4 tag-sha:-1 tag-edge:-1 tag-edge-branch:-1 tag-semver:-1 tag-match:-1 tag-match-group:-1 "
     "tag-latest:-1 ~tag-match-latest:-1 tag-schedule:-1 tag-custom:-1 tag-custom-only:-1 label-custom:-1 "
     "sep-tags sep-labels github-token tags:2- flavor:2- labels:2- bake-target:2- context:4- images:5- "
     "annotations:5- sep-annotations:5-",
     "version tags labels bake-file json:3- tag-names:5- annotations:5- bake-file-tags:5- "
     "bake-file-labels:5- bake-file-annotations:5-"},
    {"docker/setup-buildx-action", 4, "1:node12 2:node16 3:node20 4:node24",
     "version driver driver-opts buildkitd-flags install:-2 use endpoint config:-2 config-inline:-2 "
     "platforms:2- append:2- cleanup:2- buildkitd-config:3- buildkitd-config-inline:3- name:3- "
     "keep-state:3- cache-binary:3- ~config:3 ~config-inline:3 ~install:3",
     "name driver endpoint status flags platforms nodes:2-"},
    {"docker/setup-docker-action", 5, "1:node16 2:node20 5:node24",
     "version channel daemon-config context set-host:3- rootless:3- tcp-port:4- runtime-basedir:4- "
     "github-token:4-",
     "sock:3- tcp:4-"},
    {"docker/setup-qemu-action", 4, "1:node12 2:node16 3:node20 4:node24",
     "image platforms cache-image:3- reset:4-", "platforms"},
};

}  // namespace

std::span<const KnownActionRow> aws_and_docker_action_rows() {
  return kAwsAndDockerActions;
}

}  // namespace workflow::lint
