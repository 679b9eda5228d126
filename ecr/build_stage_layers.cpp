// How an instruction of a stage becomes a layer, and WORKDIR. RUN is in build_stage_run.cpp, COPY and ADD in
// build_stage_copy.cpp.
#include <fcntl.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ecr/build_stage.h"
#include "ecr/image_user.h"
#include "sandbox/plan.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

std::string StageBuilder::now() const {
  const auto wall = build_.options.source_date_epoch
                        ? base::from_epoch_seconds(static_cast<double>(*build_.options.source_date_epoch))
                        : base::system_clock().now();
  return base::format_iso8601(wall);
}

std::string StageBuilder::absolute(const std::string& path) const {
  const Path base = image_.config.working_dir.empty() ? "/" : image_.config.working_dir;
  auto normal = (base / path).lexically_normal().string();
  const bool folder = path.ends_with('/') || path == "." || path.ends_with("/.");
  if (folder && !normal.ends_with('/')) normal += '/';
  return normal;
}

Result<FileOwner> StageBuilder::find_owner(const std::string& text) {
  TRY(const auto trees, trees_of(image_.stack, build_.store));
  // A number alone is user and group; a name's group is the one it has in passwd.
  const bool bare_number = base::parse_integer(text).has_value();
  TRY(const auto user, find_user(trees, bare_number ? text + ":" + text : text));
  return FileOwner{user.uid, user.gid};
}

std::string StageBuilder::whole_key(const std::string& recipe_key) const {
  const auto epoch = build_.options.source_date_epoch;
  return layer_key(
      {image_.stack.chain_id(), to_string(place_.platform), epoch ? std::to_string(*epoch) : "", recipe_key});
}

Result<void> StageBuilder::make_layer(const Instruction& instruction, const LayerRecipe& recipe) {
  const int step = ++build_.next_step;
  const auto title = fmt::format("[{} {}/{}] {}", place_.label, ++step_, steps_, instruction.original);
  build_.tell(step, BuildProgress::What::started, title);
  Words keys = {whole_key(recipe.key)};
  const KeyTurns::Turn turn(build_.turns, keys[0]);
  auto found = find_made(keys[0], step);
  if (!found && recipe.key_by_content) {
    TRY(const auto content, recipe.key_by_content());
    keys.push_back(whole_key(content));
    found = find_made(keys[1], step);
    if (found) TRY(remember_layer(build_.store, keys[0], *found));
  }
  if (found) {
    take_layer(instruction, keys, *found);
    ++build_.steps_cached;
    build_.tell(step, BuildProgress::What::cached, "CACHED");
    return {};
  }
  build_.places.acquire();
  auto made = make_uncached(instruction, recipe, keys, step);
  build_.places.release();
  if (!made) build_.tell(step, BuildProgress::What::failed, "ERROR: " + made.error().message);
  return made;
}

void StageBuilder::tell_layer(const Descriptor& layer) const {
  if (place_.is_of_image && build_.options.layer_is_there) build_.options.layer_is_there(layer);
}

std::optional<CachedLayer> StageBuilder::find_made(const std::string& key, int step) {
  if (build_.options.no_cache) return std::nullopt;
  if (auto known = find_cached_layer(build_.store, key)) return known;
  auto imported = build_.imported.find(key, build_.store, [&](const std::string& line) {
    build_.tell(step, BuildProgress::What::output, line);
  });
  if (imported) (void)remember_layer(build_.store, key, *imported);  // the next build finds it sooner
  return imported;
}

void StageBuilder::take_layer(const Instruction& instruction, const Words& keys, const CachedLayer& made) {
  image_.stack.add(made.layer, made.created);
  tell_layer(image_.stack.layers.back());
  note(instruction, false);
  const std::lock_guard lock(build_.mutex);
  for (const auto& key : keys) {
    image_.records.push_back({key, made});
    build_.records.push_back({key, made});
  }
}

Result<void> StageBuilder::make_uncached(const Instruction& instruction, const LayerRecipe& recipe,
                                         const Words& keys, int step) {
  if (build_.stop.stop_requested()) return make_error(ErrorKind::cancelled, "the build was stopped");
  const auto began = base::system_clock().steady_now();
  TRY(auto making, LayerInTheMaking::start(build_.store));
  TRY(recipe.make(making.folders(), step));
  TRY(auto layer, making.finish(build_.store, build_.options.source_date_epoch));
  const auto created = now();
  for (const auto& key : keys) TRY(remember_layer(build_.store, key, {layer, created}));
  take_layer(instruction, keys, {layer, created});
  ++build_.steps_run;
  const std::chrono::duration<double> took = base::system_clock().steady_now() - began;
  build_.tell(step, BuildProgress::What::done, fmt::format("DONE {:.1f}s", took.count()));
  return {};
}

Result<void> StageBuilder::set_working_dir(const Instruction& instruction) {
  TRY(const auto expanded, expand(instruction.arguments[0]));
  auto path = absolute(expanded);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  image_.config.working_dir = path;
  TRY(const auto trees, trees_of(image_.stack, build_.store));
  if (path == "/") {
    ++step_;
    note(instruction, true);
    return {};
  }
  if (!trees.empty()) {
    TRY(const auto root, open_overlay(trees, std::nullopt));
    if (base::open_beneath(root.get(), path.substr(1), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
      ++step_;
      note(instruction, true);
      return {};
    }
  }
  return make_layer(instruction, {.key = layer_key({"WORKDIR", path, image_.config.user}),
                                  .make = [&](const OverlayUpper& upper, int) -> Result<void> {
                                    TRY(const auto root, open_overlay(trees, upper));
                                    TRY(const auto owner, find_owner(image_.config.user));
                                    const CopyTarget target{root.get(), path, sandbox::first_host_id(0)};
                                    TRY(ensure_folder(target, path, {.owner = owner}));
                                    return {};
                                  }});
}

}  // namespace ecr
