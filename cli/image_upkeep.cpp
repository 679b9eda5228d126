#include "cli/image_upkeep.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "ecr/store_check.h"
#include "ecr/unpack_image.h"

namespace cli {

using base::ErrorKind;
using base::make_error;

base::Result<void> check_images(ecr::ImageStore& store, const ImageFlags& flags) {
  const auto repair = flags.repair ? ecr::Repair::remove_damaged : ecr::Repair::none;
  TRY(const auto check, ecr::check_store(store, repair));
  for (const auto& problem : check.problems) fmt::print("{}\n", problem);
  for (const auto& done : check.repairs) fmt::print("{}\n", done);
  fmt::print("{} blobs ({}), {} layer trees, {} names: {}\n", check.blobs, base::format_bytes(check.bytes),
             check.trees, check.names,
             check.problems.empty() ? "all is well" : fmt::format("{} problems", check.problems.size()));
  if (check.problems.empty() || flags.repair) return {};
  return make_error(ErrorKind::internal,
                    "the image store is damaged; `pipeline image fsck --repair` takes away what "
                    "cannot be used, then pull or build again");
}

base::Result<void> prune_images(ecr::ImageStore& store, const ImageFlags& flags) {
  constexpr double kSecondsPerHour = 3600;
  const ecr::GarbageOptions options{
      .older_than = std::chrono::seconds(static_cast<std::int64_t>(flags.older_than_hours * kSecondsPerHour)),
      .keep_cache = !flags.prune_cache,
      .drop_unnamed = true,
      .only_look = flags.dry_run};
  TRY(const auto garbage, store.collect_garbage(options));
  for (const auto& image : garbage.images) fmt::print("{}\n", image.digest.to_string());
  fmt::print("{} {} images, {} blobs ({}), {} unpacked layers\n", flags.dry_run ? "would remove" : "removed",
             garbage.images.size(), garbage.blobs, base::format_bytes(garbage.bytes), garbage.trees);
  return {};
}

base::Result<void> unpack_image(const ecr::ImageStore& store, const ImageFlags& flags) {
  return ecr::unpack_image(store, flags.arguments[0], flags.arguments[1],
                           flags.keep_setuid ? ecr::SpecialBits::keep : ecr::SpecialBits::drop);
}

}  // namespace cli
