#include "ecs/definition_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/similar_name.h"
#include "base/strings.h"

namespace ecs {
namespace {

using base::Json;

// AWS's model of RegisterTaskDefinition (botocore 1.44). `!`: has to be there; `=a|b`: one of these; `[x]`: a
// list; `map`: of strings. A name, an image and a key have to be there although the model does not say so.
struct Shape {
  std::string_view name;
  std::string_view members;
};
constexpr Shape kShapes[] = {
    {"TaskDefinition",
     "family!:string taskRoleArn:string executionRoleArn:string networkMode:=bridge|host|awsvpc|none "
     "containerDefinitions!:[ContainerDefinition] volumes:[Volume] "
     "placementConstraints:[TaskDefinitionPlacementConstraint] "
     "requiresCompatibilities:[=EC2|FARGATE|EXTERNAL|MANAGED_INSTANCES] cpu:string memory:string "
     "tags:[Tag] pidMode:=host|task ipcMode:=host|task|none proxyConfiguration:ProxyConfiguration "
     "inferenceAccelerators:[InferenceAccelerator] ephemeralStorage:EphemeralStorage "
     "runtimePlatform:RuntimePlatform enableFaultInjection:boolean "
     "trustedExecutionConfiguration:TrustedExecutionConfiguration"},
    {"TrustedExecutionConfiguration",
     "isolationMode!:=SHARED|ISOLATED_SANDBOX|CONFIDENTIAL_SANDBOX attestationPolicy:string"},
    {"RuntimePlatform", "cpuArchitecture:=X86_64|ARM64 operatingSystemFamily:string"},
    {"EphemeralStorage", "sizeInGiB!:integer"},
    {"InferenceAccelerator", "deviceName!:string deviceType!:string"},
    {"ProxyConfiguration", "type:=APPMESH containerName!:string properties:[KeyValuePair]"},
    {"Tag", "key!:string value:string"},
    {"TaskDefinitionPlacementConstraint", "type:=memberOf expression:string"},
    {"Volume",
     "name!:string host:HostVolumeProperties dockerVolumeConfiguration:DockerVolumeConfiguration "
     "efsVolumeConfiguration:EFSVolumeConfiguration "
     "s3filesVolumeConfiguration:S3FilesVolumeConfiguration "
     "fsxWindowsFileServerVolumeConfiguration:FSxWindowsFileServerVolumeConfiguration "
     "configuredAtLaunch:boolean"},
    {"FSxWindowsFileServerVolumeConfiguration",
     "fileSystemId!:string rootDirectory!:string "
     "authorizationConfig!:FSxWindowsFileServerAuthorizationConfig"},
    {"FSxWindowsFileServerAuthorizationConfig", "credentialsParameter!:string domain!:string"},
    {"S3FilesVolumeConfiguration",
     "fileSystemArn!:string rootDirectory:string transitEncryptionPort:integer accessPointArn:string"},
    {"EFSVolumeConfiguration",
     "fileSystemId!:string rootDirectory:string transitEncryption:=ENABLED|DISABLED "
     "transitEncryptionPort:integer authorizationConfig:EFSAuthorizationConfig"},
    {"EFSAuthorizationConfig", "accessPointId:string iam:=ENABLED|DISABLED"},
    {"DockerVolumeConfiguration",
     "scope:=task|shared autoprovision:boolean driver:string driverOpts:map labels:map"},
    {"HostVolumeProperties", "sourcePath:string"},
    {"ContainerDefinition",
     "name!:string image!:string repositoryCredentials:RepositoryCredentials cpu:integer memory:integer "
     "memoryReservation:integer links:[string] portMappings:[PortMapping] essential:boolean "
     "restartPolicy:ContainerRestartPolicy entryPoint:[string] command:[string] "
     "environment:[KeyValuePair] environmentFiles:[EnvironmentFile] mountPoints:[MountPoint] "
     "volumesFrom:[VolumeFrom] linuxParameters:LinuxParameters secrets:[Secret] "
     "dependsOn:[ContainerDependency] startTimeout:integer stopTimeout:integer "
     "versionConsistency:=enabled|disabled hostname:string user:string workingDirectory:string "
     "disableNetworking:boolean privileged:boolean readonlyRootFilesystem:boolean dnsServers:[string] "
     "dnsSearchDomains:[string] extraHosts:[HostEntry] dockerSecurityOptions:[string] "
     "interactive:boolean pseudoTerminal:boolean dockerLabels:map ulimits:[Ulimit] "
     "logConfiguration:LogConfiguration healthCheck:HealthCheck systemControls:[SystemControl] "
     "resourceRequirements:[ResourceRequirement] firelensConfiguration:FirelensConfiguration "
     "credentialSpecs:[string]"},
    {"FirelensConfiguration", "type!:=fluentd|fluentbit options:map"},
    {"ResourceRequirement",
     "value:string type!:=GPU|InferenceAccelerator|NeuronDevice sharingStrategy:SharingStrategy"},
    {"SharingStrategy", "nvidiaMps:NvidiaMpsAllocation"},
    {"NvidiaMpsAllocation", "memory!:integer maxComputePercent:integer"},
    {"SystemControl", "namespace:string value:string"},
    {"HealthCheck", "command!:[string] interval:integer timeout:integer retries:integer startPeriod:integer"},
    {"LogConfiguration",
     "logDriver!:=json-file|syslog|journald|gelf|fluentd|awslogs|splunk|awsfirelens options:map "
     "secretOptions:[Secret]"},
    {"Ulimit",
     "name!:=core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending|"
     "stack softLimit!:integer hardLimit!:integer"},
    {"HostEntry", "hostname!:string ipAddress!:string"},
    {"ContainerDependency", "containerName!:string condition!:=START|COMPLETE|SUCCESS|HEALTHY"},
    {"Secret", "name!:string valueFrom!:string"},
    {"LinuxParameters",
     "capabilities:KernelCapabilities devices:[Device] initProcessEnabled:boolean "
     "sharedMemorySize:integer tmpfs:[Tmpfs] maxSwap:integer swappiness:integer"},
    {"Tmpfs", "containerPath!:string size!:integer mountOptions:[string]"},
    {"Device", "hostPath!:string containerPath:string permissions:[=read|write|mknod]"},
    {"KernelCapabilities", "add:[string] drop:[string]"},
    {"VolumeFrom", "sourceContainer:string readOnly:boolean"},
    {"MountPoint", "sourceVolume:string containerPath:string readOnly:boolean"},
    {"EnvironmentFile", "value!:string type!:=s3"},
    {"KeyValuePair", "name!:string value:string"},
    {"ContainerRestartPolicy", "enabled!:boolean ignoredExitCodes:[integer] restartAttemptPeriod:integer"},
    {"PortMapping",
     "containerPort:integer hostPort:integer protocol:=tcp|udp name:string appProtocol:=http|http2|grpc "
     "containerPortRange:string"},
    {"RepositoryCredentials", "credentialsParameter!:string"},
};

struct Member {
  std::string_view name;
  std::string_view type;
  bool is_required = false;
};

std::vector<Member> members_of(std::string_view members) {
  std::vector<Member> found;
  while (!members.empty()) {
    const auto end = std::min(members.find(' '), members.size());
    const auto word = members.substr(0, end);
    const auto colon = word.find(':');
    Member member{word.substr(0, colon), word.substr(colon + 1)};
    member.is_required = member.name.ends_with('!');
    if (member.is_required) member.name.remove_suffix(1);
    found.push_back(member);
    members.remove_prefix(std::min(end + 1, members.size()));
  }
  return found;
}

std::string_view kind_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "true or false";
  return value.is_number_integer() ? "an integer" : "a number";
}

class ShapeCheck {
 public:
  void object(const Json& value, std::string_view shape, const std::string& path) {
    const auto* found = std::find_if(std::begin(kShapes), std::end(kShapes),
                                     [shape](const Shape& each) { return each.name == shape; });
    const auto members = members_of(found->members);
    for (const auto& member : members) {
      const std::string name(member.name);
      const bool is_there = value.contains(name) && !value[name].is_null();
      const auto at = path.empty() ? name : fmt::format("{}.{}", path, name);
      if (is_there) {
        any(value[name], member.type, at);
      } else if (member.is_required) {
        faults_.wrong.push_back({at, "is missing"});
      }
    }
    for (const auto& [name, ignored] : value.items()) note_strange(name, members, path);
  }
  [[nodiscard]] DefinitionFaults faults() { return std::move(faults_); }

 private:
  void any(const Json& value, std::string_view type, const std::string& path) {
    if (type.starts_with('[')) return list(value, type.substr(1, type.size() - 2), path);
    if (type.starts_with('=')) return one_of(value, type.substr(1), path);
    if (type == "string") return expect(value.is_string(), value, "a string", path);
    if (type == "integer") return expect(value.is_number_integer(), value, "an integer", path);
    if (type == "boolean") return expect(value.is_boolean(), value, "true or false", path);
    expect(value.is_object(), value, "an object", path);
    if (!value.is_object()) return;
    if (type != "map") return object(value, type, path);
    for (const auto& [name, entry] : value.items()) any(entry, "string", fmt::format("{}[{}]", path, name));
  }

  void list(const Json& value, std::string_view type, const std::string& path) {
    expect(value.is_array(), value, "a list", path);
    if (!value.is_array()) return;
    for (std::size_t i = 0; i < value.size(); ++i) any(value[i], type, element_path(path, value[i], i));
  }

  void one_of(const Json& value, std::string_view choices, const std::string& path) {
    const auto names = base::split(choices, '|');
    if (value.is_string() && std::find(names.begin(), names.end(), value.get<std::string>()) != names.end())
      return;
    faults_.wrong.push_back({path, fmt::format("expected {}, found {}", base::join(names, ", "),
                                               value.is_string() ? base::to_text(value) : kind_of(value))});
  }

  void expect(bool holds, const Json& value, std::string_view what, const std::string& path) {
    if (!holds) faults_.wrong.push_back({path, fmt::format("expected {}, found {}", what, kind_of(value))});
  }

  void note_strange(const std::string& name, const std::vector<Member>& members, const std::string& path) {
    std::vector<std::string> known;
    for (const auto& member : members) known.emplace_back(member.name);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const auto near = base::similar_name(name, known);
    faults_.strange.push_back({path.empty() ? name : fmt::format("{}.{}", path, name),
                               near ? fmt::format("ECS knows no such name; did you mean {}?", *near)
                                    : "ECS is not known to have that name"});
  }

  DefinitionFaults faults_;
};

}  // namespace

std::string element_path(const std::string& list, const Json& element, std::size_t index) {
  const auto name = element.is_object() ? base::json_string(element, "name") : "";
  return name.empty() ? fmt::format("{}[{}]", list, index) : fmt::format("{}[{}]", list, name);
}

DefinitionFaults check_shape(const Json& definition) {
  ShapeCheck check;
  if (definition.is_object()) check.object(definition, "TaskDefinition", "");
  return check.faults();
}

}  // namespace ecs
