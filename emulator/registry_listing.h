#pragma once
// What a registry lists: tags page by page, and what refers to a manifest (distribution-spec: Content
// Discovery).

#include "base/http_server.h"
#include "emulator/repositories.h"

namespace emulator {

/// GET /v2/<name>/tags/list, with `n` and `last`.
base::ServerResponse list_tags(const Repository& repository, const base::ServerRequest& request);
/// GET /v2/<name>/referrers/<digest>, with `artifactType`.
base::ServerResponse list_referrers(const Repository& repository, const ecr::ImageStore& store,
                                    const std::string& digest, const base::ServerRequest& request);
/// Descriptors of what names this digest as its subject.
base::Json referrers_of(const Repository& repository, const ecr::ImageStore& store,
                        const std::string& digest);
/// The digest that a manifest names as its subject; empty without one.
std::string subject_of(const std::string& manifest);

}  // namespace emulator
