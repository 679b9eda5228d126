// images, inspect and version of the docker front.

#include <fmt/format.h>

#include "base/glob.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecr/image_reference.h"
#include "ecr/image_store.h"
#include "steps/docker_ps.h"
#include "steps/docker_rows.h"
#include "steps/docker_verbs.h"
#include "steps/go_template.h"
#include "steps/stored_images.h"

namespace steps {
namespace {

/// Docker's API names a version; this is the one whose build, tag and push commands are followed.
constexpr std::string_view kFollowedVersion = "20.10";

/// Docker shows what an image does not say as empty, not as absent.
base::Json whole_config(const base::Json& config) {
  base::Json whole = {{"User", ""},
                      {"WorkingDir", ""},
                      {"Env", nullptr},
                      {"Cmd", nullptr},
                      {"Entrypoint", nullptr},
                      {"Labels", nullptr},
                      {"ExposedPorts", nullptr},
                      {"Volumes", nullptr}};
  if (config.is_object()) whole.update(config);
  return whole;
}

base::Result<base::Json> describe_image(const std::string& text, const ecr::ImageStore& store) {
  TRY(const auto image, find_stored_image(text, store));
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
  described["Config"] = whole_config(base::json_member(config, "config"));
  described["RootFS"]["Type"] = "layers";
  described["RootFS"]["Layers"] = base::json_member(base::json_member(config, "rootfs"), "diff_ids");
  return described;
}

struct ImageRow {
  std::string repository, tag, digest, id, created;
  std::uint64_t size = 0;
  std::map<std::string, std::string> labels;
};

bool has_image_label(const ImageRow& row, const std::string& wanted) {
  const auto equals = wanted.find('=');
  const auto found = row.labels.find(wanted.substr(0, equals));
  return found != row.labels.end() &&
         (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

/// Of several values of `reference` one is enough, as with docker.
base::Result<bool> is_image_listed(const ImageRow& row, const std::vector<std::string>& filters) {
  bool asks_for_reference = false;
  bool fits_reference = false;
  for (const auto& filter : filters) {
    const auto equals = std::min(filter.find('='), filter.size());
    const auto key = filter.substr(0, equals);
    const auto value = filter.substr(std::min(equals + 1, filter.size()));
    if (key == "reference") {
      asks_for_reference = true;
      fits_reference = fits_reference || base::glob_matches(value, row.repository) ||
                       base::glob_matches(value, row.repository + ":" + row.tag);
    } else if (key == "label") {
      if (!has_image_label(row, value)) return false;
    } else if (key == "dangling") {
      // Only images with names are listed at all.
      if (value == "true" || value == "1") return false;
    } else {
      return base::invalid_input(fmt::format(
          "docker images: the filter '{}' is not supported here; what is: reference, label, dangling", key));
    }
  }
  return !asks_for_reference || fits_reference;
}

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
    const auto& id = image->manifest.config.digest;
    ImageRow row{.repository = familiar_name(reference->name()),
                 .tag = reference->tag.empty() ? "<none>" : reference->tag,
                 .digest = named.descriptor.digest.to_string(),
                 .id = call.command.whole ? id.to_string() : id.hex().substr(0, 12),
                 .created = image->config.created,
                 .size = image->compressed_size(),
                 .labels = image->config.labels};
    TRY(const bool listed, is_image_listed(row, call.command.filters));
    if (listed) rows.push_back(std::move(row));
  }
  return rows;
}

std::string usual_image_format(const DockerCommand& command) {
  return fmt::format(
      "table {{{{.Repository}}}}\t{{{{.Tag}}}}\t{}{{{{.ID}}}}\t{{{{.CreatedAt}}}}\t{{{{.Size}}}}",
      command.digests ? "{{.Digest}}\t" : "");
}

}  // namespace

base::Result<DockerAnswer> docker_images(const DockerCall& call, RunningJob& job) {
  TRY(const auto rows, list_rows(call, *job.services->images));
  auto shown = call;
  if (shown.command.format.empty()) shown.command.format = usual_image_format(call.command);
  FormattedRows formatted(shown, {{"Repository", "REPOSITORY"},
                                  {"Tag", "TAG"},
                                  {"ID", "IMAGE ID"},
                                  {"Digest", "DIGEST"},
                                  {"CreatedAt", "CREATED"},
                                  {"CreatedSince", "CREATED"},
                                  {"Size", "SIZE"}});
  for (const ImageRow& row : rows) {
    if (call.command.quiet) {
      call.print(row.id + "\n");
      continue;
    }
    TRY(formatted.add({{"Repository", row.repository},
                       {"Tag", row.tag},
                       {"ID", row.id},
                       {"Digest", row.digest},
                       {"CreatedAt", row.created},
                       {"CreatedSince", row.created},
                       {"Size", base::format_bytes(row.size)}}));
  }
  if (!call.command.quiet) TRY(formatted.finish());
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
                               ? base::Result<std::shared_ptr<DockerContainer>>(base::invalid_input(name))
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
