#pragma once
// Images of the store as docker's commands name them: by name, by digest, or by the beginning of an id.

#include <string>
#include <string_view>

#include "base/result.h"
#include "ecr/image_store.h"

namespace steps {

/// As docker shows it: without the host and the folder that a short name stands for.
std::string familiar_name(std::string_view name);

/// `sha256:…` or six hexadecimal digits at least of the id, which is the digest of the configuration; also of
/// images that have no name.
base::Result<ecr::Image> find_image_by_id(const std::string& text, const ecr::ImageStore& store);
/// By name or digest first, then by id.
base::Result<ecr::Image> find_stored_image(const std::string& text, const ecr::ImageStore& store);

}  // namespace steps
