#pragma once
// `pipeline image build`: its options on the command line, and what they make of the builder's.

#include <CLI/CLI.hpp>

#include "base/http_client.h"
#include "base/result.h"
#include "cli/image_build_flags.h"
#include "ecr/image_store.h"

namespace cli {

void add_image_build_options(CLI::App* verb, ImageBuildFlags& flags);

/// Builds `folder` and prints the image's digest, or checks its Dockerfile alone. The exit code.
base::Result<int> build_image_of(const ImageBuildFlags& flags, const std::string& folder,
                                 ecr::ImageStore& store, base::HttpClient& http);

}  // namespace cli
