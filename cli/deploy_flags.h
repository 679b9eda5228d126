#pragma once
// What the user typed behind deploy, rollback, status and ecr.

#include <optional>
#include <string>
#include <vector>

namespace cli {

/// What an AWS verb is about, and how it talks.
struct AwsFlags {
  std::string cluster;  ///< empty: default, or what the file says
  std::string region;
  bool json = false;
};

struct DeployFlags : AwsFlags {
  std::string file;  ///< of several services; empty: the flags say it
  std::string service;
  std::string task_definition;      ///< a file, or a family, family:revision or ARN
  std::vector<std::string> images;  ///< CONTAINER=IMAGE
  std::optional<int> desired_count;
  bool force = false;
  bool plan = false;
  int wait_minutes = 30;
  std::string preflight = "fail";  ///< fail, warn, off
  std::string hooks = "ask";       ///< ask, continue, roll-back, wait
  std::string probe;               ///< URL that is asked all the while
  std::string version_header;      ///< of its answers
  std::string report;              ///< a folder
  bool attach = false;             ///< the record, to the images
};

struct RollbackFlags : AwsFlags {
  std::string service;
  std::string to;  ///< FAMILY:REVISION or ARN; empty: the last that was proven
  int wait_minutes = 30;
};

struct StatusFlags : AwsFlags {
  std::vector<std::string> services;  ///< empty: all of the cluster
};

struct RehearseFlags : AwsFlags {
  std::string file;
  std::string seed;                     ///< empty: emulator.yml beside the file
  std::string service;                  ///< empty: the first of the file
  std::vector<std::string> strategies;  ///< empty: the seed's own; all: each
  std::vector<std::string> mishaps;     ///< empty or all: each
  double time_scale = 120;
};

struct EcrFlags : AwsFlags {
  std::string verb;  ///< scan, create, preview
  std::string name;  ///< of an image or a repository
  std::string fail_on = "HIGH";
  bool fixable = false;
  bool immutable_tags = false;
  bool scan_on_push = false;
  std::string policy, lifecycle;  ///< files
};

}  // namespace cli
