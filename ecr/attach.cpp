#include "ecr/attach.h"

#include "base/files.h"
#include "base/json.h"

namespace ecr {

base::Result<Digest> attach(const ImageReference& image, const Predicate& predicate,
                            const RegistryOptions& options) {
  RegistryClient client(options, image, Access::push);
  TRY(const auto found, client.fetch_manifest(image.manifest_key()));
  const Descriptor subject{
      .media_type = found.media_type, .digest = found.digest, .size = found.bytes.size()};
  TRY(const auto folder, base::TempDir::create("pipeline-attach"));
  TRY(auto store, ImageStore::open(folder.path()));
  TRY(const auto statement, store_attestations(subject, {image.to_string()}, {predicate}, store));
  TRY(const auto bytes, store.read_blob(statement.digest));
  TRY(const auto manifest, base::parse_json(bytes));
  TRY(const auto config, descriptor_from_json(manifest["config"]));
  TRY(client.upload_blob(config, store));
  for (const auto& entry : manifest["layers"]) {
    TRY(const auto layer, descriptor_from_json(entry));
    TRY(client.upload_blob(layer, store));
  }
  TRY(client.put_manifest(statement.digest.to_string(), statement.media_type, bytes));
  return statement.digest;
}

}  // namespace ecr
