#include "steps/docker_cp.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>

#include "base/json.h"
#include "ecr/compression.h"
#include "ecr/tree_unpacker.h"
#include "ecr/tree_writer.h"
#include "steps/copy_place.h"
#include "steps/docker_containers.h"

namespace steps {

namespace {

using base::Result;

constexpr unsigned long kXfs = 0x58465342;

/// Whether files in the folder are files. What the kernel shows as some (/proc, /sys) would be read and
/// written with the runner's rights here.
bool holds_files(int folder) {
  struct statfs status {};
  if (::fstatfs(folder, &status) != 0) return false;
  static constexpr unsigned long kKnown[] = {OVERLAYFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, kXfs, BTRFS_SUPER_MAGIC,
                                             TMPFS_MAGIC};
  return std::find(std::begin(kKnown), std::end(kKnown), static_cast<unsigned long>(status.f_type)) !=
         std::end(kKnown);
}

Result<void> expect_files(int folder) {
  if (holds_files(folder)) return {};
  return base::make_error(base::ErrorKind::denied,
                          "what lies there is the kernel's, no files of the container");
}

std::uint32_t first_id_of(const DockerContainer& container) {
  return sandbox::first_host_id(container.plan().id_slot);
}

Result<DockerAnswer> copy_out(const DockerCall& call, DockerContainer& container, const std::string& path) {
  DockerAnswer answer;
  TRY(container.with_root([&](int root) -> Result<void> {
    TRY(auto found, find_copy_source(root, path));
    TRY(expect_files(found.folder.get()));
    answer.metadata = base::to_text({{"name", found.thing.name}, {"is_folder", found.thing.is_folder}});
    if (call.only_asked) return {};
    base::TarWriter tar([&call](std::string_view bytes) -> Result<void> {
      if (call.stop.stop_requested())
        return base::make_error(base::ErrorKind::cancelled, "the front has gone");
      call.print(bytes);
      return {};
    });
    TRY(ecr::write_tree(std::move(found.folder),
                        {.layer = {.first_host_id = first_id_of(container)},
                         .names = ecr::TreeNames::plain,
                         .only = found.thing.name,
                         .may_read = holds_files},
                        tar));
    return tar.finish();
  }));
  return answer;
}

Result<DockerAnswer> copy_in(const DockerCall& call, DockerContainer& container, const std::string& path) {
  if (call.input < 0) return base::invalid_input("docker cp: no archive came");
  TRY(container.with_root([&](int root) -> Result<void> {
    CopyTarget target;
    if (call.copied) {
      TRY(target, find_copy_target(root, path, *call.copied));
    } else {
      TRY(target.folder, open_copy_folder(root, path));
    }
    base::TarReader tar(ecr::read_from(call.input), base::ArchiveInput::compressed_tar);
    return ecr::unpack_tree(tar, std::move(target.folder),
                            {.layer = {.first_host_id = first_id_of(container)},
                             .names = ecr::TreeNames::plain,
                             .adapt =
                                 [&](base::ArchiveEntry& entry) {
                                   if (!call.command.keep_owners) entry.uid = entry.gid = 0;
                                   if (call.copied) rename_entry(entry, *call.copied, target);
                                 },
                             .may_write = expect_files});
  }));
  return DockerAnswer{};
}

}  // namespace

CopySide parse_copy_side(const std::string& text) {
  const auto colon = text.find(':');
  if (text.starts_with('/') || text.starts_with('.') || colon == std::string::npos || colon == 0)
    return {"", text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

Result<DockerAnswer> docker_cp(const DockerCall& call, RunningJob& /*job*/) {
  const auto from = parse_copy_side(call.command.operands[0]);
  const auto to = parse_copy_side(call.command.operands[1]);
  TRY(const auto container, call.containers->find(from.container.empty() ? to.container : from.container));
  auto answer =
      from.container.empty() ? copy_in(call, *container, to.path) : copy_out(call, *container, from.path);
  if (answer) return answer;
  return std::move(answer).error().while_doing(
      fmt::format("copying {} {}", from.container.empty() ? "to" : "from",
                  from.container.empty() ? call.command.operands[1] : call.command.operands[0]));
}

}  // namespace steps
