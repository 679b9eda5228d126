#include "steps/built_image.h"

namespace steps {

std::string built_digest(const ecr::ImageStore* store, const std::string& reference) {
  const auto parsed = ecr::parse_image_reference(reference);
  if (store == nullptr || !parsed) return "";
  const auto found = store->resolve(parsed->to_string());
  return found ? found->digest.to_string() : "";
}

}  // namespace steps
