#include "ecr/volume_content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/archive.h"
#include "ecr/compression.h"
#include "ecr/image_root.h"
#include "ecr/overlay_view.h"
#include "ecr/tree_unpacker.h"
#include "ecr/tree_writer.h"

namespace ecr {

base::Result<void> fill_volume(const NewVolume& volume, const sandbox::ImageRoot& image) {
  TRY(const auto root, open_overlay(layers_of(image), std::nullopt));
  auto source = base::open_beneath(root.get(), base::Path(volume.inside).relative_path(),
                                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!source) return {};  // the image has no such folder
  struct stat status {};
  if (::fstat(source->get(), &status) != 0) return base::system_error("reading " + volume.inside, errno);
  TRY(auto target, base::open_directory(volume.folder));
  const auto lowest = sandbox::first_host_id(0);
  const auto shifted = [&](std::uint32_t id) {
    return (id >= lowest ? id - lowest : 0) + sandbox::first_host_id(volume.id_slot);
  };
  if (::geteuid() == 0) (void)!::fchown(target.get(), shifted(status.st_uid), shifted(status.st_gid));
  ::fchmod(target.get(), status.st_mode & 07777);
  TRY(const auto room, base::TempDir::create_in(volume.scratch, "volume"));
  const base::Fd packed(::open((room.path() / "tar").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!packed) return base::system_error("filling a volume", errno);
  base::TarWriter writer([&](std::string_view bytes) { return base::write_all(packed.get(), bytes); });
  TRY(write_tree(std::move(*source), {.layer = {.first_host_id = lowest}, .names = TreeNames::plain},
                 writer));
  TRY(writer.finish());
  ::lseek(packed.get(), 0, SEEK_SET);
  base::TarReader reader(read_from(packed.get()), base::ArchiveInput::tar);
  return unpack_tree(
      reader, std::move(target),
      {.layer = {.first_host_id = sandbox::first_host_id(volume.id_slot)}, .names = TreeNames::plain});
}

}  // namespace ecr
