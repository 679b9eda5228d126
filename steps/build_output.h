#pragma once
// Where a build's result goes: `--output` of docker build and `outputs` of docker/build-push-action, as
// buildx reads them, and the trees that type=local and type=tar take out of images.

#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "ecr/annotation.h"
#include "ecr/image_store.h"
#include "steps/docker_command.h"

namespace steps {

struct BuildOutput {
  enum class Kind { registry, store, archive, folder, tree_archive, cache_only } kind = Kind::store;
  std::string destination;         ///< as the step wrote it; "-" is standard output
  std::vector<std::string> names;  ///< of images, in place of the tags
  bool by_digest = false;          ///< pushed without a tag
  std::vector<ecr::Annotation> annotations;
};

/// `type=…,dest=…`, or a folder alone, or `-`; an Error names what is not supported.
base::Result<BuildOutput> parse_build_output(const std::string& text);

/// Those of `docker build`, one at least: of --output, --push and --load together. One of them may write to
/// standard output.
base::Result<std::vector<BuildOutput>> build_outputs_of(const DockerCommand& command);

/// Whether a folder or a tree's archive comes out, which is no image.
bool is_tree(const BuildOutput& output);
/// Whether docker's front receives it: a tar of a tree, or an archive of images.
bool is_streamed(const BuildOutput& output);
/// Whether standard output is the output's.
bool is_for_stdout(const BuildOutput& output);

/// The files of an image below `into`; those of several platforms each in a folder named by it.
base::Result<void> unpack_built(const ecr::ImageStore& store, const ecr::Descriptor& built,
                                const base::Path& into);

}  // namespace steps
