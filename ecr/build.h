#pragma once
// A Dockerfile → an image in the store. RUN goes through sandbox/, nothing else starts a process.

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/image_store.h"
#include "ecr/registry.h"
#include "sandbox/plan.h"

namespace ecr {

enum class UseCache { yes, no };

struct BuildOptions {
  int context = -1;                            ///< an open folder; nothing outside it is read
  std::string dockerfile;                      ///< its text
  std::string dockerfile_name = "Dockerfile";  ///< for messages
  std::vector<std::string> tags;               ///< names for the image
  std::map<std::string, std::string> build_arguments;
  std::map<std::string, std::string> labels;
  std::string target;                          ///< stage name or number; empty is the last
  UseCache cache = UseCache::yes;
  std::int64_t source_date_epoch = 0;          ///< 0: now
  sandbox::NetworkMode network = sandbox::NetworkMode::host;  ///< of RUN
  RegistryOptions registry;                    ///< for base images that the store lacks
  std::stop_token stop;
  std::function<void(std::string_view line)> progress;
};

struct BuiltImage {
  Descriptor manifest;
  Digest config;
  std::uint64_t size = 0;  ///< of all blobs
  int steps = 0;
  int cached = 0;
};

base::Result<BuiltImage> build_image(const BuildOptions& options, ImageStore& store);

/// Makes an image of one root file system tar (`pipeline image import`).
struct ImportOptions {
  std::vector<std::string> environment;
  std::vector<std::string> command;
};
base::Result<Descriptor> import_image(int tar, const std::string& name, const ImportOptions& options, ImageStore& store);

}  // namespace ecr
