#include "steps/build_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "ecr/unpack_image.h"
#include "steps/builtin/input_list.h"
#include "steps/builtin_actions.h"

namespace steps {
namespace {

using base::Result;
using Kind = BuildOutput::Kind;

constexpr std::string_view kAnnotation = "annotation";

/// One text on its way to a BuildOutput.
struct ReadOutput {
  BuildOutput output;
  std::string type;
  bool push = false;
};

base::Error not_supported_output(std::string_view what) {
  return base::invalid_input(fmt::format("--output: {} is not supported", what));
}

/// What says of BuildKit's ways the one that is gone here anyway.
bool is_our_way(const std::string& key, const std::string& value) {
  if (key == "compression") return value == "gzip";
  if (key == "force-compression" || key == "store" || key == "unpack" || key == "name-canonical") return true;
  // Times are those of SOURCE_DATE_EPOCH wherever it is given.
  if (key == "oci-mediatypes" || key == "tar" || key == "rewrite-timestamp" || key == "platform-split")
    return builtin::is_true(value);
  return false;
}

/// `annotation.KEY`, `annotation-index.KEY`, `annotation[linux/amd64].KEY`.
Result<void> take_annotation(std::string_view key, const std::string& value, BuildOutput& output) {
  key.remove_prefix(kAnnotation.size());
  const auto bracket = key.find(']');
  const auto dot = key.find('.', bracket == std::string_view::npos ? 0 : bracket);
  if (dot == std::string_view::npos) return not_supported_output(fmt::format("{}{}", kAnnotation, key));
  std::string level(key.substr(0, dot));
  if (level.starts_with('-')) level.erase(0, 1);
  if (level.starts_with('[')) level.insert(0, "manifest");
  if (!level.empty()) level += ':';
  TRY(const auto annotations,
      ecr::parse_annotation(fmt::format("{}{}={}", level, key.substr(dot + 1), value)));
  output.annotations.insert(output.annotations.end(), annotations.begin(), annotations.end());
  return {};
}

Result<void> take_attribute(const std::string& key, const std::string& value, ReadOutput& read) {
  if (key == "type") {
    read.type = value;
  } else if (key == "dest") {
    read.output.destination = value;
  } else if (key == "name") {
    read.output.names = base::split(value, ',');
  } else if (key == "push") {
    read.push = builtin::is_true(value);
  } else if (key == "push-by-digest") {
    read.output.by_digest = builtin::is_true(value);
  } else if (key.starts_with(kAnnotation)) {
    return take_annotation(key, value, read.output);
  } else if (!is_our_way(key, value)) {
    return not_supported_output(fmt::format("the attribute {}={}", key, value));
  }
  return {};
}

Result<Kind> kind_of_output(const ReadOutput& read) {
  const auto& type = read.type;
  if (type == "registry" || (type == "image" && read.push)) return Kind::registry;
  if (type == "image" || (type == "docker" && read.output.destination.empty())) return Kind::store;
  if (type == "oci" || type == "docker") return Kind::archive;
  if (type == "local") return Kind::folder;
  if (type == "tar") return Kind::tree_archive;
  if (type == "cacheonly") return Kind::cache_only;
  return base::invalid_input(fmt::format(
      "--output: type={} is not supported; what is: local, tar, oci, docker, image, registry, cacheonly",
      type));
}

}  // namespace

Result<BuildOutput> parse_build_output(const std::string& text) {
  const auto fields = builtin::fields_of(text);
  if (fields.empty()) return base::invalid_input("--output: expected type=… or a folder");
  if (fields.size() == 1 && fields[0] == text && fields[0].find('=') == std::string::npos) {
    return BuildOutput{.kind = text == "-" ? Kind::tree_archive : Kind::folder, .destination = text};
  }
  ReadOutput read;
  for (const auto& field : fields) {
    const auto equals = field.find('=');
    if (equals == std::string::npos) return base::invalid_input("--output: invalid value " + field);
    const auto key = base::to_lower(base::trim(field.substr(0, equals)));
    TRY(take_attribute(key, field.substr(equals + 1), read));
  }
  if (read.type.empty()) return base::invalid_input("--output: type is required for output");
  auto& output = read.output;
  TRY(output.kind, kind_of_output(read));
  if (output.kind == Kind::folder && (output.destination.empty() || output.destination == "-"))
    return base::invalid_input("--output: a folder as dest is required for the local exporter");
  if (is_streamed(output) && output.destination.empty()) output.destination = "-";
  return std::move(output);
}

Result<std::vector<BuildOutput>> build_outputs_of(const DockerCommand& command) {
  std::vector<BuildOutput> outputs;
  for (const std::string& text : command.outputs) {
    TRY(outputs.emplace_back(), parse_build_output(text));
  }
  const auto has = [&](Kind kind) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const auto& o) { return o.kind == kind; });
  };
  if (command.push) {
    for (BuildOutput& output : outputs) {
      if (output.kind == Kind::store) output.kind = Kind::registry;
    }
    if (!has(Kind::registry)) outputs.push_back({.kind = Kind::registry});
  }
  if (outputs.empty() || (command.load && !has(Kind::store))) outputs.push_back({.kind = Kind::store});
  if (std::count_if(outputs.begin(), outputs.end(), is_for_stdout) > 1)
    return base::invalid_input("--output: more than one would write to standard output; give them a dest");
  for (const BuildOutput& output : outputs) {
    if (output.by_digest && output.names.empty())
      return base::invalid_input("--output: push-by-digest needs a name");
    if (output.kind == Kind::registry && command.tags.empty() && output.names.empty())
      return base::invalid_input("tag is needed when pushing to registry");
  }
  return outputs;
}

bool is_tree(const BuildOutput& output) {
  return output.kind == Kind::folder || output.kind == Kind::tree_archive;
}

bool is_streamed(const BuildOutput& output) {
  return is_tree(output) || output.kind == Kind::archive;
}

bool is_for_stdout(const BuildOutput& output) {
  return is_streamed(output) && output.destination == "-";
}

Result<void> unpack_built(const ecr::ImageStore& store, const ecr::Descriptor& built,
                          const base::Path& into) {
  const auto unpack = [&](const ecr::Descriptor& image, const base::Path& folder) {
    return ecr::unpack_image(store, image.digest.to_string(), folder, ecr::SpecialBits::keep);
  };
  if (!ecr::media_type::is_index(built.media_type)) return unpack(built, into);
  TRY(const auto text, store.read_blob(built.digest));
  TRY(const auto index, ecr::parse_index(text));
  std::vector<ecr::Descriptor> images;
  for (const auto& image : index.manifests) {
    if (image.platform && image.platform->os != "unknown") images.push_back(image);
  }
  if (images.size() == 1) return unpack(images[0], into);
  for (const auto& image : images)
    TRY(unpack(image, into / base::replace_all(ecr::to_string(*image.platform), "/", "_")));
  return {};
}

}  // namespace steps
