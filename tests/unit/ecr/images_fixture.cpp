#include "tests/unit/ecr/images_fixture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/process.h"
#include "base/strings.h"
#include "ecr/compression.h"
#include "ecr/image_archive.h"
#include "sandbox/plan.h"

namespace ecr {

using base::EntryKind;
using base::Path;

TarMember tar_file(const std::string& path, const std::string& content, std::uint32_t mode) {
  return {{.kind = EntryKind::file, .path = path, .mode = mode, .size = content.size()}, content};
}
TarMember tar_folder(const std::string& path, std::uint32_t mode) {
  return {{.kind = EntryKind::directory, .path = path, .mode = mode}, ""};
}
TarMember tar_symlink(const std::string& path, const std::string& target) {
  return {{.kind = EntryKind::symlink, .path = path, .link_target = target, .mode = 0777}, ""};
}
TarMember tar_hard_link(const std::string& path, const std::string& target) {
  return {{.kind = EntryKind::hard_link, .path = path, .link_target = target, .mode = 0644}, ""};
}

std::string make_tar(const std::vector<TarMember>& members) {
  std::string bytes;
  base::TarWriter writer([&](std::string_view part) -> base::Result<void> {
    bytes += part;
    return {};
  });
  for (const auto& member : members) {
    take(writer.add(member.entry));
    if (!member.content.empty()) take(writer.write(member.content));
  }
  take(writer.finish());
  return bytes;
}

namespace {

/// Absolute paths that `ldd` names for programs.
std::set<std::string> libraries_of(const std::vector<std::string>& programs) {
  std::vector<std::string> argv = {"ldd"};
  argv.insert(argv.end(), programs.begin(), programs.end());
  const auto listed = take(base::run_process({.argv = argv}));
  std::set<std::string> libraries;
  for (const auto line : base::lines_of(listed.output)) {
    const auto from = line.find('/');
    const auto to = line.find(" (0x");
    if (from != std::string_view::npos && to != std::string_view::npos && from < to)
      libraries.emplace(line.substr(from, to - from));
  }
  return libraries;
}

std::string make_shell_rootfs() {
  std::set<std::string> folders = {"bin", "etc", "root", "home", "home/app"};
  std::vector<TarMember> files = {
      tar_file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n"),
      tar_file("etc/group", "root:x:0:\napp:x:1000:\nstaff:x:50:\n")};
  std::vector<std::string> programs;
  for (const char* name : {"sh", "cat", "chmod", "chown", "echo", "env", "id", "ln", "ls", "mkdir", "mv",
                           "rm", "rmdir", "sleep", "stat", "touch", "true", "false", "wc"}) {
    const auto program = base::find_program(name, "/bin:/usr/bin");
    if (!program) continue;
    files.push_back(tar_file(fmt::format("bin/{}", name), take(base::read_file(*program)), 0755));
    programs.push_back(program->string());
  }
  for (const auto& library : libraries_of(programs)) {
    for (Path above = Path(library).parent_path().relative_path(); !above.empty();
         above = above.parent_path())
      folders.insert(above.string());
    files.push_back(tar_file(library.substr(1), take(base::read_file(library)), 0755));
  }
  std::vector<TarMember> members;
  for (const auto& folder : folders) members.push_back(tar_folder(folder));
  members.insert(members.end(), files.begin(), files.end());
  return make_tar(members);
}

std::string describe(const std::string& path, const char* kind, std::uint32_t mode, std::int64_t uid,
                     std::int64_t gid, const std::string& more) {
  return fmt::format("{} {} {:o} {}:{}{}{}", path, kind, mode & 07777, uid, gid, more.empty() ? "" : " ",
                     more);
}

std::string in_quotes(const std::string& content) {
  return content.size() > 200 ? fmt::format("{} bytes", content.size()) : "\"" + content + "\"";
}

std::string describe_on_disk(const Path& path, const std::string& inside) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return inside + " gone";
  const auto shift = ::geteuid() == 0 ? sandbox::first_host_id(0) : 0;
  const auto line = [&](const char* kind, const std::string& more) {
    return describe(inside, kind, status.st_mode, static_cast<std::int64_t>(status.st_uid) - shift,
                    static_cast<std::int64_t>(status.st_gid) - shift, more);
  };
  if (S_ISDIR(status.st_mode)) return line("folder", "");
  if (S_ISLNK(status.st_mode)) return line("link", std::filesystem::read_symlink(path).string());
  if (S_ISREG(status.st_mode)) return line("file", in_quotes(take(base::read_file(path))));
  return line(S_ISCHR(status.st_mode) ? "device" : "other", "");
}

}  // namespace

const std::string& shell_rootfs_tar() {
  static const std::string kTar = make_shell_rootfs();
  return kTar;
}

std::vector<std::string> describe_tree(const Path& root) {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    lines.push_back(describe_on_disk(entry.path(), entry.path().lexically_relative(root).string()));
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> describe_layer(const ImageStore& store, const Descriptor& layer) {
  const auto blob = take(store.open_blob(layer.digest));
  base::TarReader tar(gunzip(read_from(blob.get())), base::ArchiveInput::tar);
  std::vector<std::string> lines;
  while (true) {
    const auto entry = take(tar.next());
    if (!entry) break;
    const auto path = entry->path.substr(0, entry->path.find_last_not_of('/') + 1);
    const auto line = [&](const char* kind, const std::string& more) {
      lines.push_back(describe(path, kind, entry->mode, entry->uid, entry->gid, more));
    };
    if (entry->kind == EntryKind::directory) line("folder", "");
    if (entry->kind == EntryKind::symlink) line("link", entry->link_target);
    if (entry->kind == EntryKind::hard_link) line("same", entry->link_target);
    if (entry->kind == EntryKind::device || entry->kind == EntryKind::fifo) line("other", "");
    if (entry->kind != EntryKind::file) continue;
    std::string content(entry->size, '\0');
    for (std::size_t at = 0; at < content.size();)
      at += take(tar.read(content.data() + at, content.size() - at));
    line("file", in_quotes(content));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

void ImagesTest::SetUp() {
  folder_.emplace(take(base::TempDir::create("images-test")));
  store_.emplace(take(ImageStore::open(folder_->path() / "store")));
}

Path ImagesTest::write(const std::string& name, const std::string& content) const {
  const Path path = folder() / name;
  take(base::make_directories(path.parent_path()));
  take(base::write_file(path, content));
  return path;
}

void ImagesTest::import_shell_image() {
  const auto tar = write("shell.tar", shell_rootfs_tar());
  take(import_rootfs_tar(store(), tar, "shell:1", {.env = {"PATH=/bin"}, .cmd = {{"/bin/sh"}}}));
}

}  // namespace ecr
