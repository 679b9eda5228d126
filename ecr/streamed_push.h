#pragma once
// The pushes of an image that is still being built: its layers go to the registries while later ones are
// made.

#include <map>
#include <memory>
#include <string>

#include "ecr/push.h"

namespace ecr {

class StreamedPush {
 public:
  /// `store` is borrowed.
  StreamedPush(ImageStore& store, RegistryOptions options);
  /// Layers that are on their way are given up.
  ~StreamedPush();
  StreamedPush(StreamedPush&&) = delete;

  /// Where the image will go, before its first layer.
  void add(const ImageReference& target);
  /// A layer that it will have; of the store. From any thread.
  void send(const Descriptor& layer);
  /// What is missing, and the manifests. `progress` hears of what was sent before, too. A target that was not
  /// added, or whose repository was already pushed to, is pushed as any image.
  base::Result<PushOutcome> push(const PushPlan& plan, const TellPush& progress = {});

 private:
  struct Stream;
  ImageStore& store_;
  const RegistryOptions options_;
  std::map<std::string, std::unique_ptr<Stream>> streams_;  ///< by registry and repository
};

}  // namespace ecr
