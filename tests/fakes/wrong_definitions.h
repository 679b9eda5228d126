#pragma once
// What ECS refuses of a task definition, as one table: the client's pre-flight has to find each before
// anything changes, the emulator has to refuse each as AWS does.

#include <vector>

#include "base/json.h"

namespace fakes {

struct WrongDefinition {
  const char* change;  ///< of right_definition(), as a JSON patch
  const char* code;
  const char* message;
};

inline base::Json right_definition() {
  return base::parse_json(R"({
    "family": "items", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
    "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution", "volumes": [{"name": "data"}],
    "containerDefinitions": [{"name": "web", "image": "r:1", "portMappings": [{"containerPort": 80}],
      "environment": [{"name": "A", "value": "b"}], "secrets": [{"name": "B", "valueFrom": "/b"}],
      "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/g", "awslogs-region": "r"}},
      "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}], "dockerLabels": {"count": "b"}},
      {"name": "init", "image": "r:1", "essential": false}]})")
      .value();
}

inline base::Json changed(const char* change) {
  return right_definition().patch(base::parse_json(change).value());
}

inline const std::vector<WrongDefinition>& wrong_definitions() {
  static const std::vector<WrongDefinition> kAll{
      // clang-format off
      {R"([{"op": "replace", "path": "/cpu", "value": "300"}])", "ClientException",
       "No Fargate configuration exists for given values: 300 CPU, 512 memory. See the Amazon ECS documentation for the valid values."},
      {R"([{"op": "replace", "path": "/memory", "value": "1536"}])", "ClientException",
       "No Fargate configuration exists for given values: 256 CPU, 1536 memory. See the Amazon ECS documentation for the valid values."},
      {R"([{"op": "replace", "path": "/cpu", "value": "much"}])", "ClientException", "Invalid 'cpu' setting for task."},
      {R"([{"op": "remove", "path": "/cpu"}])", "ClientException", "Fargate requires that 'cpu' be defined at the task level."},
      {R"([{"op": "remove", "path": "/memory"}])", "ClientException", "Fargate requires that 'memory' be defined at the task level."},
      {R"([{"op": "replace", "path": "/networkMode", "value": "bridge"}])", "ClientException", "Fargate only supports network mode 'awsvpc'."},
      {R"([{"op": "remove", "path": "/networkMode"}])", "ClientException", "Fargate only supports network mode 'awsvpc'."},
      {R"([{"op": "replace", "path": "/networkMode", "value": "vpc"}])", "ClientException", "Invalid network mode 'vpc'."},
      {R"([{"op": "remove", "path": "/executionRoleArn"}, {"op": "remove", "path": "/containerDefinitions/0/secrets"}])", "ClientException",
       "Fargate requires task definition to have execution role ARN to support log driver awslogs."},
      {R"([{"op": "remove", "path": "/executionRoleArn"}, {"op": "remove", "path": "/containerDefinitions/0/logConfiguration"}])", "ClientException",
       "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."},
      {R"([{"op": "remove", "path": "/executionRoleArn"}, {"op": "remove", "path": "/containerDefinitions/0/secrets"},
           {"op": "remove", "path": "/containerDefinitions/0/logConfiguration"},
           {"op": "replace", "path": "/containerDefinitions/0/image", "value": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/r:1"}])",
       "ClientException", "Fargate requires task definition to have execution role ARN to support ECR images."},
      {R"([{"op": "remove", "path": "/containerDefinitions/0/logConfiguration/options/awslogs-region"}])", "ClientException",
       "Log driver awslogs requires options: awslogs-region"},
      {R"([{"op": "replace", "path": "/containerDefinitions/1/name", "value": "web"},
           {"op": "remove", "path": "/containerDefinitions/0/dependsOn"}])", "ClientException", "Container definitions must have unique names."},
      {R"([{"op": "add", "path": "/containerDefinitions/0/essential", "value": false}])", "ClientException",
       "At least one container must be marked as essential."},
      {R"([{"op": "replace", "path": "/containerDefinitions/1/essential", "value": true}])", "ClientException",
       "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/dependsOn/0/containerName", "value": "setup"}])", "ClientException",
       "The dependency container 'setup' does not exist."},
      {R"([{"op": "add", "path": "/containerDefinitions/0/portMappings/0/hostPort", "value": 8080}])", "ClientException",
       "When networkMode=awsvpc, the host ports and container ports in port mappings must match."},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/portMappings/0/containerPort", "value": 70000}])", "ClientException",
       "Invalid 'containerPort' setting for container 'web'."},
      {R"([{"op": "add", "path": "/containerDefinitions/0/cpu", "value": 512}])", "ClientException",
       "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'."},
      {R"([{"op": "add", "path": "/containerDefinitions/0/memory", "value": 1024}])", "ClientException",
       "The 'memory' setting for container 'web' is greater than for the task."},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/secrets/0/name", "value": "A"}])", "ClientException",
       "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'."},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/image", "value": "r:${TAG}"}])", "ClientException",
       "Container.image contains invalid characters."},
      {R"([{"op": "replace", "path": "/containerDefinitions/1/name", "value": "the init"},
           {"op": "replace", "path": "/containerDefinitions/0/dependsOn/0/containerName", "value": "the init"}])", "ClientException",
       "Container.name contains invalid characters."},
      {R"([{"op": "replace", "path": "/cpu", "value": 256}])", "SerializationException", "NUMBER_VALUE can not be converted to a String"},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/portMappings/0/containerPort", "value": "80"}])", "SerializationException",
       "STRING_VALUE can not be converted to an Integer"},
      {R"([{"op": "replace", "path": "/containerDefinitions/1/essential", "value": "false"}])", "SerializationException",
       "STRING_VALUE can not be converted to a Boolean"},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/environment", "value": {"A": "b"}}])", "SerializationException", "Expected list or null"},
      {R"([{"op": "replace", "path": "/containerDefinitions/0/dockerLabels/count", "value": true}])", "SerializationException",
       "TRUE_VALUE can not be converted to a String"},
      // clang-format on
  };
  return kAll;
}

}  // namespace fakes
