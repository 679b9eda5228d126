// images, inspect and version of the docker front.

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "ecr/image_reference.h"
#include "ecr/image_store.h"
#include "steps/docker_ps.h"
#include "steps/docker_rows.h"
#include "steps/docker_verbs.h"
#include "steps/go_template.h"

namespace steps {
namespace {

/// Docker's API names a version; this is the one whose build, tag and push commands are followed.
constexpr std::string_view kFollowedVersion = "20.10";

base::Error no_such_image(const std::string& name) {
  return base::make_error(base::ErrorKind::not_found, fmt::format("Error: No such image: {}", name));
}

/// As docker shows it: without the host and the folder that a short name stands for.
std::string familiar_name(std::string_view name) {
  for (const std::string_view beginning : {"docker.io/library/", "docker.io/"}) {
    if (name.starts_with(beginning)) return std::string(name.substr(beginning.size()));
  }
  return std::string(name);
}

/// By name, digest, or the beginning of an image id.
base::Result<ecr::Image> find_image(const std::string& text, const ecr::ImageStore& store) {
  if (auto found = store.image(text)) return found;
  std::string_view id = text;
  if (id.starts_with("sha256:")) id.remove_prefix(7);
  constexpr std::size_t kShortest = 6;
  if (id.size() >= kShortest) {
    TRY(const auto images, store.list());
    for (const ecr::NamedImage& named : images) {
      auto image = store.image(named.descriptor);
      if (image && image->manifest.config.digest.hex().starts_with(id)) return image;
    }
  }
  return no_such_image(text);
}

base::Result<base::Json> describe_image(const std::string& text, const ecr::ImageStore& store) {
  TRY(const auto image, find_image(text, store));
  TRY(const std::string config_text, store.read_blob(image.manifest.config.digest));
  TRY(const auto config, base::parse_json(config_text));
  const std::string digest = image.descriptor.digest.to_string();
  base::Json tags = base::Json::array();
  base::Json digests = base::Json::array();
  TRY(const auto images, store.list());
  for (const ecr::NamedImage& named : images) {
    if (named.descriptor.digest != image.descriptor.digest) continue;
    const auto reference = ecr::parse_image_reference(named.name);
    if (!reference) continue;
    if (!reference->tag.empty()) tags.push_back(familiar_name(named.name));
    digests.push_back(fmt::format("{}@{}", familiar_name(reference->name()), digest));
  }
  base::Json described = base::Json::object();
  described["Id"] = image.manifest.config.digest.to_string();
  described["RepoTags"] = std::move(tags);
  described["RepoDigests"] = std::move(digests);
  described["Created"] = image.config.created;
  described["Architecture"] = image.config.platform.architecture;
  described["Os"] = image.config.platform.os;
  described["Size"] = image.compressed_size();
  described["Config"] = base::json_member(config, "config");
  described["RootFS"]["Type"] = "layers";
  described["RootFS"]["Layers"] = base::json_member(base::json_member(config, "rootfs"), "diff_ids");
  return described;
}

struct ImageRow {
  std::string repository, tag, digest, id;
  std::uint64_t size = 0;
};

base::Result<std::vector<ImageRow>> list_rows(const DockerCall& call, const ecr::ImageStore& store) {
  std::vector<ImageRow> rows;
  std::optional<ecr::ImageReference> wanted;
  bool any_tag = true;
  if (!call.command.operands.empty()) {
    const std::string& operand = call.command.operands[0];
    TRY(wanted, ecr::parse_image_reference(operand));
    const std::size_t slash = operand.rfind('/');
    any_tag = operand.find(':', slash == std::string::npos ? 0 : slash) == std::string::npos;
  }
  TRY(const auto images, store.list());
  for (const ecr::NamedImage& named : images) {
    const auto reference = ecr::parse_image_reference(named.name);
    const auto image = store.image(named.descriptor);
    if (!reference || !image) continue;
    if (wanted && (reference->name() != wanted->name() || (!any_tag && reference->tag != wanted->tag)))
      continue;
    rows.push_back({familiar_name(reference->name()), reference->tag.empty() ? "<none>" : reference->tag,
                    named.descriptor.digest.to_string(), image->manifest.config.digest.hex().substr(0, 12),
                    image->compressed_size()});
  }
  return rows;
}

}  // namespace

base::Result<DockerAnswer> docker_images(const DockerCall& call, RunningJob& job) {
  TRY(const auto rows, list_rows(call, *job.services->images));
  if (!call.command.quiet && call.command.format.empty()) {
    call.print(fmt::format("{:<50} {:<45} {:<14} {}\n", "REPOSITORY", "TAG", "IMAGE ID", "SIZE"));
  }
  FormattedRows formatted(call, {{"Repository", "REPOSITORY"},
                                 {"Tag", "TAG"},
                                 {"ID", "IMAGE ID"},
                                 {"Digest", "DIGEST"},
                                 {"Size", "SIZE"}});
  for (const ImageRow& row : rows) {
    const std::string size = base::format_bytes(row.size);
    if (call.command.quiet) {
      call.print(row.id + "\n");
    } else if (call.command.format.empty()) {
      call.print(fmt::format("{:<50} {:<45} {:<14} {}\n", row.repository, row.tag, row.id, size));
    } else {
      base::Json data = base::Json::object();
      data["Repository"] = row.repository;
      data["Tag"] = row.tag;
      data["ID"] = row.id;
      data["Digest"] = row.digest;
      data["Size"] = size;
      TRY(formatted.add(data));
    }
  }
  TRY(formatted.finish());
  return DockerAnswer{};
}

base::Result<void> print_inspected(const DockerCall& call, const base::Json& all) {
  if (call.command.format.empty()) {
    call.print(base::to_text(all, 4) + "\n");
    return {};
  }
  if (call.command.format == "json") {
    call.print(base::to_text(all) + "\n");
    return {};
  }
  for (const auto& one : all) {
    TRY(const auto line, format_by_template(call.command.format, one));
    call.print(line + "\n");
  }
  return {};
}

base::Result<DockerAnswer> docker_inspect(const DockerCall& call, RunningJob& job) {
  base::Json all = base::Json::array();
  for (const std::string& name : call.command.operands) {
    const auto container = call.containers == nullptr
                               ? base::Result<std::shared_ptr<DockerContainer>>(no_such_image(name))
                               : call.containers->find(name);
    if (container) {
      all.push_back(describe_container(**container));
      continue;
    }
    TRY(auto image, describe_image(name, *job.services->images));
    all.push_back(std::move(image));
  }
  TRY(print_inspected(call, all));
  return DockerAnswer{};
}

base::Result<DockerAnswer> docker_version(const DockerCall& call) {
  if (!call.command.format.empty()) {
    const std::string architecture = ecr::host_platform().architecture;
    base::Json data = base::Json::object();
    for (const char* side : {"Client", "Server"}) {
      data[side]["Version"] = kFollowedVersion;
      data[side]["Os"] = "linux";
      data[side]["Arch"] = architecture;
    }
    data["ServerVersion"] = kFollowedVersion;
    data["OSType"] = "linux";
    data["Architecture"] = architecture;
    TRY(print_inspected(call, base::Json::array({data})));
    return DockerAnswer{};
  }
  call.print(fmt::format("Docker version {} (as built into pipeline: no engine)\n", kFollowedVersion));
  return DockerAnswer{};
}

}  // namespace steps
