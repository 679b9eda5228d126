#include "ecr/streamed_push.h"

#include <mutex>

namespace ecr {

/// One repository's sender, and what it said while nobody listened.
struct StreamedPush::Stream {
  Stream(ImageStore& store, const ImageReference& target, const RegistryOptions& options)
      : sender(store, target, options, [this](const PushProgress& progress) { heard(progress); }) {}

  void heard(const PushProgress& progress) {
    const std::lock_guard lock(mutex);
    if (listener) {
      listener(progress);
    } else {
      held.push_back(progress);
    }
  }

  void tell(const TellPush& to) {
    const std::lock_guard lock(mutex);
    for (const auto& progress : held) {
      if (to) to(progress);
    }
    held.clear();
    listener = to ? to : [](const PushProgress&) {};
  }

  std::mutex mutex;
  std::vector<PushProgress> held;
  TellPush listener;
  BlobSender sender;  // last: its threads use the rest
};

StreamedPush::StreamedPush(ImageStore& store, RegistryOptions options)
    : store_(store), options_(std::move(options)) {}
StreamedPush::~StreamedPush() = default;

void StreamedPush::add(const ImageReference& target) {
  auto& stream = streams_[target.name()];
  if (!stream) stream = std::make_unique<Stream>(store_, target, options_);
}

void StreamedPush::send(const Descriptor& layer) {
  for (auto& [name, stream] : streams_) stream->sender.send(layer, PushPlan{}.pack_with);
}

base::Result<PushOutcome> StreamedPush::push(const PushPlan& plan, const TellPush& progress) {
  const auto found = streams_.find(plan.target.name());
  // A name with a digest says which bytes arrive; those on their way may be compressed anew.
  if (found == streams_.end() || plan.target.digest) return ecr::push(plan, store_, options_, progress);
  const auto stream = std::move(found->second);
  streams_.erase(found);
  stream->tell(progress);
  return ecr::push(plan, store_, stream->sender, [&](const PushProgress& told) { stream->heard(told); });
}

}  // namespace ecr
