#include "ecr/push.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;
using What = PushProgress::What;

constexpr int kDeepestIndexToPush = 4;

void add_once(std::vector<Descriptor>& blobs, Descriptor blob) {
  const bool known =
      std::any_of(blobs.begin(), blobs.end(), [&](const auto& other) { return other.digest == blob.digest; });
  if (!known) blobs.push_back(std::move(blob));
}

bool is_document_type(const Descriptor& descriptor) {
  return media_type::is_index(descriptor.media_type) || media_type::is_manifest(descriptor.media_type);
}

// Children before the manifests that name them; of an index only what the store has.
Result<void> plan_document(const ImageStore& store, const Descriptor& document, int depth, PushPlan& plan) {
  TRY(auto bytes, store.read_blob(document.digest));
  TRY(auto references, references_of(bytes));
  // The configuration stands first in a manifest and goes last.
  if (!references.empty() && !media_type::is_index(document.media_type))
    std::rotate(references.begin(), references.begin() + 1, references.end());
  for (auto& reference : references) {
    if (!is_document_type(reference)) {
      add_once(plan.blobs, std::move(reference));
      continue;
    }
    if (!store.has_blob(reference.digest)) {
      return make_error(
          ErrorKind::not_found,
          fmt::format("the index names {}, which is not in the store; pull all its platforms first",
                      reference.digest.to_string()));
    }
    if (depth == kDeepestIndexToPush)
      return make_error(ErrorKind::invalid_input, "indexes within indexes, more than four deep");
    TRY(plan_document(store, reference, depth + 1, plan));
  }
  if (depth > 0) {
    plan.manifests.push_back({document, std::move(bytes)});
  } else {
    plan.manifest_bytes = std::move(bytes);
  }
  return {};
}

/// A document whose references became others.
struct Rewritten {
  Descriptor descriptor;
  std::string bytes;
};
using Replacements = std::map<Digest, Descriptor>;

// Members that we do not know stay as they are.
Result<Rewritten> rewrite(const Descriptor& document, const std::string& bytes,
                          const Replacements& replacements) {
  TRY(Json json, base::parse_json(bytes));
  bool changed = false;
  for (const char* list : {"layers", "manifests"}) {
    if (!json.contains(list) || !json[list].is_array()) continue;
    for (auto& entry : json[list]) {
      const auto digest = Digest::parse(base::json_string(entry, "digest"));
      const auto found = digest ? replacements.find(*digest) : replacements.end();
      if (found == replacements.end()) continue;
      entry["digest"] = found->second.digest.to_string();
      entry["size"] = found->second.size;
      entry["mediaType"] = found->second.media_type;
      changed = true;
    }
  }
  if (!changed) return Rewritten{document, bytes};
  Rewritten result{document, base::to_text(json)};
  result.descriptor.digest = Digest::of(result.bytes);
  result.descriptor.size = result.bytes.size();
  return result;
}

// The image is what was pushed from now on: names move, so that both sides have one digest.
Result<void> adopt(ImageStore& store, const Descriptor& before, const Descriptor& now) {
  TRY(const auto names, store.list());
  for (const auto& named : names) {
    if (named.descriptor.digest == before.digest) TRY(store.tag(named.name, now));
  }
  return {};
}

class ManifestPush {
 public:
  ManifestPush(const PushPlan& plan, ImageStore& store, RegistryClient& client)
      : plan_(plan), store_(store), client_(client) {}

  /// The descriptor of what the tag stands for now.
  Result<Descriptor> send(Replacements replacements) {
    const bool packed = !replacements.empty();
    for (const auto& child : plan_.manifests) {
      TRY(const auto now, rewrite(child.descriptor, child.bytes, replacements));
      TRY(client_.put_manifest(now.descriptor.digest.to_string(), now.descriptor.media_type, now.bytes));
      if (now.descriptor.digest == child.descriptor.digest) continue;
      TRY(store_.put_blob(now.bytes));
      replacements[child.descriptor.digest] = now.descriptor;
    }
    TRY(const auto now, rewrite(plan_.manifest, plan_.manifest_bytes, replacements));
    const auto key = plan_.target.digest ? now.descriptor.digest.to_string() : plan_.target.manifest_key();
    TRY(client_.put_manifest(key, now.descriptor.media_type, now.bytes));
    if (packed && now.descriptor.digest != plan_.manifest.digest) {
      TRY(store_.put_blob(now.bytes));
      TRY(adopt(store_, plan_.manifest, now.descriptor));
    }
    return now.descriptor;
  }

 private:
  const PushPlan& plan_;
  ImageStore& store_;
  RegistryClient& client_;
};

Result<PushOutcome> push_all(const PushPlan& plan, ImageStore& store, BlobSender& sender,
                             const TellPush& progress) {
  RegistryClient& client = sender.client();
  // The tag that is already this image needs nothing; where tags are immutable even the same manifest is
  // refused.
  auto present = client.find_manifest(plan.target.manifest_key());
  if (!present && present.error().kind != ErrorKind::not_found) return std::move(present).error();
  const auto tell_manifest = [&](What what) {
    if (progress) progress({.what = what, .descriptor = plan.manifest});
  };
  if (present && *present == plan.manifest.digest) {
    tell_manifest(What::exists);
    return PushOutcome{.digest = plan.manifest.digest,
                       .manifest = plan.manifest,
                       .blobs_present = static_cast<int>(plan.blobs.size())};
  }
  sender.mount_from(plan.mount_from);
  for (const auto& blob : plan.blobs) sender.send(blob, plan.pack_with);
  TRY(auto sent, sender.finish());
  PushOutcome outcome = std::move(sent.counts);
  TRY(outcome.manifest, ManifestPush(plan, store, client).send(std::move(sent.packed)));
  outcome.digest = outcome.manifest.digest;
  tell_manifest(What::manifest);
  return outcome;
}

}  // namespace

Result<PushPlan> plan_push(const ImageStore& store, const std::string& source, const ImageReference& target) {
  PushPlan plan{.target = target};
  TRY(plan.manifest, store.resolve(source));
  if (target.digest && *target.digest != plan.manifest.digest) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("cannot push {} to {}: the digest is another image's; name a tag", source,
                                  target.to_string()));
  }
  // A name with a digest says which bytes arrive.
  if (target.digest) plan.pack_with.reset();
  TRY(plan_document(store, plan.manifest, 0, plan).while_doing("reading image " + source));
  return plan;
}

Json to_json(const PushPlan& plan) {
  Json blobs = Json::array();
  for (const auto& blob : plan.blobs) blobs.push_back(to_json(blob));
  return {
      {"target", plan.target.to_string()}, {"blobs", std::move(blobs)}, {"manifest", to_json(plan.manifest)}};
}

Result<PushOutcome> push(const PushPlan& plan, ImageStore& store, const RegistryOptions& options,
                         const TellPush& progress) {
  BlobSender sender(store, plan.target, options, progress);
  return push(plan, store, sender, progress);
}

Result<PushOutcome> push(const PushPlan& plan, ImageStore& store, BlobSender& sender,
                         const TellPush& progress) {
  return push_all(plan, store, sender, progress).while_doing("pushing " + plan.target.to_string());
}

}  // namespace ecr
