#include "steps/docker_output.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>

#include "base/strings.h"
#include "ecr/image_archive.h"
#include "ecr/image_reference.h"
#include "ecr/tree_writer.h"
#include "steps/docker_archive.h"

namespace steps {
namespace {

using base::Result;
using Kind = BuildOutput::Kind;

Result<void> push_built(const Delivery& delivery, const BuildOutput& output) {
  for (const std::string& name : output.names.empty() ? delivery.built.tags : output.names) {
    TRY(ecr::ImageReference reference, ecr::parse_image_reference(std::string(base::trim(name))));
    if (output.by_digest) {
      reference.tag.clear();
      reference.digest = delivery.built.manifest.digest;
    }
    TRY(delivery.built.manifest, push_image(delivery.call, delivery.job,
                                            {.source = delivery.built.manifest.digest.to_string(),
                                             .reference = reference,
                                             .begun = delivery.begun}));
  }
  return {};
}

Result<void> name_built(const Delivery& delivery, const BuildOutput& output) {
  for (const std::string& name : output.names) {
    TRY(const auto reference, ecr::parse_image_reference(std::string(base::trim(name))));
    TRY(delivery.job.services->images->tag(reference.to_string(), delivery.built.manifest));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ecr::StreamedPush>> prepare_outputs(const std::vector<BuildOutput>& outputs,
                                                           const DockerCall& call, RunningJob& job,
                                                           ecr::BuildOptions& options) {
  std::vector<std::string> pushed;
  for (const BuildOutput& output : outputs) {
    options.annotations.insert(options.annotations.end(), output.annotations.begin(),
                               output.annotations.end());
    if (is_tree(output) && (options.sbom || options.provenance))
      return base::invalid_input("--output: attestations (sbom, provenance) go with images, not with files");
    if (output.kind != Kind::registry || output.by_digest) continue;
    const auto& names = output.names.empty() ? options.tags : output.names;
    pushed.insert(pushed.end(), names.begin(), names.end());
  }
  if (pushed.empty()) return std::unique_ptr<ecr::StreamedPush>();
  return begin_push(pushed, call, job, options);
}

Result<void> deliver_image(const Delivery& delivery, const BuildOutput& output) {
  if (output.kind == Kind::registry) return push_built(delivery, output);
  if (output.kind == Kind::store) return name_built(delivery, output);
  return {};
}

Result<void> write_output(const Delivery& delivery, const BuildOutput& output,
                          const std::function<Result<void>(std::string_view)>& sink) {
  const ecr::ImageStore& store = *delivery.job.services->images;
  TRY(const auto room, store.make_temp_dir("output"));
  if (is_tree(output)) {
    TRY(unpack_built(store, delivery.built.manifest, room.path() / "tree"));
    TRY(auto tree, base::open_directory(room.path() / "tree"));
    base::TarWriter tar(sink);
    TRY(ecr::write_tree(std::move(tree), {.names = ecr::TreeNames::plain}, tar));
    return tar.finish();
  }
  auto names = output.names.empty() ? delivery.built.tags : output.names;
  TRY(name_built(delivery, output));
  if (names.empty()) names.push_back(delivery.built.manifest.digest.to_string());
  TRY(ecr::save_images(store, names, room.path() / "archive"));
  const base::Fd archive(::open((room.path() / "archive").c_str(), O_RDONLY | O_CLOEXEC));
  if (!archive) return base::system_error("reading the archive", errno);
  return each_piece(archive.get(), delivery.call.stop, sink);
}

Result<void> deliver_to_front(const Delivery& delivery, const std::vector<BuildOutput>& outputs,
                              const std::function<void(std::string_view)>& print) {
  for (const BuildOutput& output : outputs) TRY(deliver_image(delivery, output));
  const auto send = [&](std::string_view bytes) -> Result<void> {
    if (delivery.call.stop.stop_requested())
      return base::make_error(base::ErrorKind::cancelled, "the front has gone");
    print(bytes);
    return {};
  };
  for (std::size_t number = 0; number < outputs.size(); ++number) {
    if (!is_streamed(outputs[number])) continue;
    delivery.call.begin_output(number);
    TRY(write_output(delivery, outputs[number], send));
  }
  return {};
}

}  // namespace steps
