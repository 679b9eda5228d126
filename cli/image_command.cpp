#include <fcntl.h>
#include <fmt/format.h>

#include <cstdio>

#include "base/http_client.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/emulator_process.h"
#include "cli/image_build.h"
#include "cli/image_registry.h"
#include "cli/image_upkeep.h"
#include "cli/interrupts.h"
#include "ecr/docker_config.h"
#include "ecr/image_archive.h"
#include "ecr/image_diff.h"
#include "ecr/image_history.h"
#include "ecr/image_store.h"
#include "ecr/pull.h"
#include "ecr/push.h"

namespace cli {

namespace {

struct Call {
  const CommonFlags& common;
  const ImageFlags& flags;
  ecr::ImageStore store;
  std::unique_ptr<base::HttpClient> http = base::make_curl_http_client();
  int exit_code = kPassed;
};

base::Result<ecr::RegistryOptions> registry_options(const Call& call) {
  TRY(auto options, ecr::user_registry_options(*call.http));
  options.stop = interrupt_token();
  return options;
}

base::Result<ecr::PullOptions> pull_options(const Call& call) {
  ecr::PullOptions options;
  TRY(options.registry, registry_options(call));
  options.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return options;
}

base::Result<void> import(Call& call) {
  ecr::ImportOptions options{.env = call.flags.environment};
  if (!call.flags.command.empty()) options.cmd = call.flags.command;
  TRY(const auto imported,
      ecr::import_rootfs_tar(call.store, call.flags.arguments[0], call.flags.arguments[1], options));
  fmt::print("{}\n", imported.digest.to_string());
  return {};
}

base::Result<void> load(Call& call) {
  TRY(const auto names, ecr::load_image(call.store, call.flags.arguments[0]));
  for (const auto& name : names) fmt::print("Loaded {}\n", name);
  return {};
}

base::Result<void> list(Call& call) {
  TRY(const auto images, call.store.list());
  std::size_t width = 4;
  for (const auto& image : images) width = std::max(width, image.name.size());
  fmt::print("{:<{}}  {:<12}  {}\n", "NAME", width, "ID", "SIZE");
  for (const auto& named : images) {
    TRY(const auto image, call.store.image(named.descriptor));
    fmt::print("{:<{}}  {:<12}  {}\n", named.name, width,
               image.manifest.config.digest.to_string().substr(7, 12),
               base::format_bytes(image.compressed_size()));
  }
  return {};
}

base::Result<void> inspect(Call& call) {
  TRY(const auto image, call.store.image(call.flags.arguments[0]));
  TRY(const auto config, base::parse_json(ecr::to_text(image.config)));
  TRY(const auto manifest, base::parse_json(ecr::to_text(image.manifest)));
  const base::Json json = {{"digest", image.descriptor.digest.to_string()},
                           {"size", image.compressed_size()},
                           {"manifest", manifest},
                           {"config", config}};
  fmt::print("{}\n", base::to_text(json, 2));
  return {};
}

base::Result<void> history(Call& call) {
  TRY(const auto image, call.store.image(call.flags.arguments[0]));
  base::Json all = base::Json::array();
  for (const auto& step : ecr::history_of(image)) {
    if (!call.flags.json) {
      fmt::print("{:<20}  {:>10}  {}\n", step.entry.created,
                 step.layer ? base::format_bytes(step.layer->size) : "-", step.entry.created_by);
      continue;
    }
    base::Json row = {{"created", step.entry.created},
                      {"created_by", step.entry.created_by},
                      {"comment", step.entry.comment}};
    if (step.layer) row["layer"] = {{"digest", step.layer->digest.to_string()}, {"size", step.layer->size}};
    all.push_back(std::move(row));
  }
  if (call.flags.json) fmt::print("{}\n", base::to_text(all, 2));
  return {};
}

base::Result<void> diff(Call& call) {
  TRY(const auto found, ecr::diff_images(call.store, call.flags.arguments[0], call.flags.arguments[1]));
  if (call.flags.json) {
    fmt::print("{}\n", base::to_text(ecr::to_json(found), 2));
  } else {
    fmt::print("{}", ecr::to_text(found));
  }
  return {};
}

base::Result<void> remove(Call& call) {
  for (const auto& name : call.flags.arguments) TRY(call.store.remove(name));
  TRY(const auto freed, call.store.collect_garbage());
  fmt::print("freed {}\n", base::format_bytes(freed.bytes));
  return {};
}

base::Result<void> tag(Call& call) {
  TRY(const auto image, call.store.resolve(call.flags.arguments[0]));
  return call.store.tag(call.flags.arguments[1], image);
}

std::optional<ecr::BlockCodec> packing_of(const std::string& compression) {
  if (compression.empty() || compression == "gzip") return ecr::gzip_codecs().front();
  if (compression == "zstd") return ecr::BlockCodec::zstd;
  return std::nullopt;
}

base::Result<void> push(Call& call) {
  TRY(const auto target, ecr::parse_image_reference(call.flags.arguments[0]));
  TRY(auto plan, ecr::plan_push(call.store, target.to_string(), target));
  plan.pack_with = packing_of(call.flags.compression);
  TRY(const auto options, registry_options(call));
  TRY(const auto pushed, ecr::push(plan, call.store, options));
  fmt::print("{}\n{}\n", to_text(pushed, target), pushed.digest.to_string());
  return {};
}

base::Result<void> pull(Call& call) {
  TRY(const auto reference, ecr::parse_image_reference(call.flags.arguments[0]));
  TRY(auto options, pull_options(call));
  if (!call.flags.platform.empty()) {
    TRY(options.platform, ecr::parse_platform(call.flags.platform));
  }
  if (call.flags.all_platforms) options.platforms = ecr::Platforms::all;
  if (call.flags.unpack) options.unpacking = ecr::Unpacking::at_once;
  TRY(const auto pulled, ecr::pull(reference, call.store, options));
  fmt::print("{}\n", pulled.digest.to_string());
  return {};
}

base::Result<void> build(Call& call) {
  TRY(call.exit_code, build_image_of(call.flags.build, call.flags.arguments[0], call.store, *call.http));
  return {};
}

base::Result<void> registry_verb(Call& call) {
  TRY(const auto options, registry_options(call));
  return ask_registry(options, call.flags);
}

base::Result<void> carry_out(Call& call) {
  const auto& verb = call.flags.verb;
  if (verb == "build") return build(call);
  if (verb == "import") return import(call);
  if (verb == "load") return load(call);
  if (verb == "save") return ecr::save_images(call.store, call.flags.arguments, call.flags.output);
  if (verb == "inspect") return inspect(call);
  if (verb == "history") return history(call);
  if (verb == "diff") return diff(call);
  if (verb == "rm") return remove(call);
  if (verb == "tag") return tag(call);
  if (verb == "push") return push(call);
  if (verb == "pull") return pull(call);
  if (verb == "tags" || verb == "referrers" || verb == "delete") return registry_verb(call);
  if (verb == "fsck") return check_images(call.store, call.flags);
  if (verb == "prune") return prune_images(call.store, call.flags);
  if (verb == "unpack") return unpack_image(call.store, call.flags);
  return list(call);
}

}  // namespace

int image_command(const CommonFlags& common, const ImageFlags& flags) {
  watch_for_interrupts();
  auto store = ecr::ImageStore::open(base::Path(common.state_folder) / "images");
  if (!store) return complain(store.error());
  Call call{common, flags, std::move(*store)};
  if (const auto done = carry_out(call); !done) return complain(done.error());
  return call.exit_code;
}

}  // namespace cli
