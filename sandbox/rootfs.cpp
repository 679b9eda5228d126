#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "base/strings.h"
#include "sandbox/enter.h"
#include "sandbox/host_places.h"
#include "sandbox/id_shift.h"

namespace sandbox {

namespace {

using base::Path;
using base::Result;

// After the first pivot the host's tree is here and the new root grows there.
const Path kHost = "/host";
const Path kRoot = "/root";
// A proc file system while the root is being built; gone with the workbench.
const Path kProc = "/proc";

// Who owns what has to be made in an image for mounts: the image's root, as it is on the host. The zygote has
// one thread and makes one root.
uid_t owner_of_mount_points = 0;

constexpr const char* kDevices[] = {"null", "zero", "full", "random", "urandom", "tty"};
constexpr const char* kHiddenFiles[] = {"kcore",      "keys",        "kallsyms",     "kmsg",
                                        "timer_list", "sched_debug", "sysrq-trigger"};
constexpr const char* kHiddenFolders[] = {"acpi", "scsi"};
constexpr const char* kReadOnlyProc[] = {"sys", "bus", "fs", "irq"};

Result<void> call_mount(const std::string& source, const Path& target, const char* type, unsigned long flags,
                        const std::string& data) {
  if (::mount(source.c_str(), target.c_str(), type, flags, data.empty() ? nullptr : data.c_str()) == 0)
    return {};
  return base::system_error(
      "mount " + (type == nullptr ? source : std::string(type)) + " on " + target.string(), errno);
}

Result<void> make_folder(const Path& path, mode_t mode = 0755) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return base::system_error("mkdir " + path.string(), errno);
}

Result<void> set_attributes(const Path& target, unsigned attributes) {
  mount_attr attr{};
  attr.attr_set = attributes;
  if (::mount_setattr(AT_FDCWD, target.c_str(), AT_RECURSIVE, &attr, sizeof attr) == 0) return {};
  return base::system_error("mount_setattr " + target.string(), errno);
}

unsigned attributes_for(Access access) {
  return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (access == Access::read_only ? MOUNT_ATTR_RDONLY : 0U);
}

// A path of the new root that symlinks of an image cannot lead out of it: a descriptor, named through /proc.
class Target {
 public:
  static Result<Target> folder(const Path& inside) { return make(inside, true); }
  static Result<Target> file(const Path& inside) { return make(inside, false); }
  [[nodiscard]] Path path() const { return kHost / "proc/self/fd" / std::to_string(fd_.get()); }

 private:
  explicit Target(base::Fd fd) : fd_(std::move(fd)) {}

  static Result<Target> make(const Path& inside, bool is_folder) {
    TRY(base::Fd at, base::open_directory(kRoot));
    const Path relative = inside.relative_path();
    const base::Fd root(::dup(at.get()));
    Path so_far;
    for (auto part = relative.begin(); part != relative.end(); ++part) {
      const Path parent = so_far;
      so_far /= *part;
      const bool last = std::next(part) == relative.end();
      auto opened = base::open_beneath(root.get(), so_far, O_PATH);
      if (!opened) {
        TRY(const auto folder, base::open_beneath(root.get(), parent, O_PATH));
        if (last && !is_folder) {
          const base::Fd created(::openat(folder.get(), part->c_str(),
                                          O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644));
          if (!created) return base::system_error("creating " + so_far.string(), errno);
        } else if (::mkdirat(folder.get(), part->c_str(), 0755) != 0) {
          return base::system_error("creating " + so_far.string(), errno);
        }
        if (owner_of_mount_points != 0 && ::fchownat(folder.get(), part->c_str(), owner_of_mount_points,
                                                     owner_of_mount_points, AT_SYMLINK_NOFOLLOW) != 0) {
          return base::system_error("chown " + so_far.string(), errno);
        }
        opened = base::open_beneath(root.get(), so_far, O_PATH);
        if (!opened) return std::move(opened).error();
      }
      at = std::move(opened).value();
    }
    return Target(std::move(at));
  }

  base::Fd fd_;
};

Result<void> bind(const Path& source, const Target& target, const Path& inside, Access access) {
  TRY(call_mount(source.string(), target.path(), nullptr, MS_BIND | MS_REC, ""));
  // The descriptor still names what lies below the new mount; opened anew it names the mount. By its whole
  // path: a symlink as last part, named through the parent, would lead out of the root.
  TRY(const auto mounted, Target::folder(inside));
  return set_attributes(mounted.path(), attributes_for(access));
}

Result<void> bind_found(const Path& from, const Path& source, const Path& inside, Access access) {
  struct stat status {};
  if (::stat(from.c_str(), &status) != 0)
    return base::system_error("the mount source " + source.string(), errno);
  if (S_ISDIR(status.st_mode)) {
    TRY(const auto target, Target::folder(inside));
    return bind(from, target, inside, access);
  }
  TRY(const auto target, Target::file(inside));
  return bind(from, target, inside, access);
}

Result<void> bind_from_host(const Path& source, const Path& inside, Access access) {
  return bind_found(kHost / source.relative_path(), source, inside, access);
}

Result<void> bind_beneath(const Mount& mount) {
  TRY(const auto folder, base::open_directory(kHost / Path(mount.source).relative_path()));
  TRY(const auto found, base::open_beneath(folder.get(), mount.beneath, O_PATH | O_CLOEXEC)
                            .while_doing("the mount source " + mount.beneath));
  return bind_found(kHost / "proc/self/fd" / std::to_string(found.get()), mount.beneath, mount.target,
                    mount.access);
}

Result<void> mount_tmpfs(const Path& inside, const std::string& options) {
  TRY(const auto target, Target::folder(inside));
  return call_mount("tmpfs", target.path(), "tmpfs", MS_NOSUID | MS_NODEV, options);
}

// /bin and friends: a symlink where the host has one (merged /usr), else a read-only bind.
Result<void> bring_system_folder(const std::string& name) {
  const Path from = kHost / name;
  struct stat status {};
  if (::lstat(from.c_str(), &status) != 0) return {};
  if (S_ISLNK(status.st_mode)) {
    char target[4096];
    const ssize_t length = ::readlink(from.c_str(), target, sizeof target - 1);
    if (length < 0) return base::system_error("readlink " + from.string(), errno);
    target[length] = 0;
    if (::symlink(target, (kRoot / name).c_str()) != 0) return base::system_error("symlink " + name, errno);
    return {};
  }
  return bind_from_host(Path("/") / name, Path("/") / name, Access::read_only);
}

Result<void> build_host_root() {
  TRY(call_mount("tmpfs", kRoot, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"));
  for (const char* name : kSystemFolders) TRY(bring_system_folder(name));
  for (const char* name : {"etc", "var", "home", "root", "mnt", "srv"}) TRY(make_folder(kRoot / name));
  for (const char* name : kEtcOfSteps) {
    const Path source = Path("/etc") / name;
    struct stat status {};
    if (::stat((kHost / source.relative_path()).c_str(), &status) != 0) continue;
    TRY(bind_from_host(source, source, Access::read_only));
  }
  for (const char* name : {"/tmp", "/var/tmp"}) TRY(mount_tmpfs(name, "mode=1777"));
  return mount_tmpfs("/run", "mode=0755");
}

bool fits_in_options(const std::string& path) {
  return path.find_first_of(",:\\") == std::string::npos;
}

// Layers are kept under the ids of slot 0.
Result<base::Fd> shift_of_layers(std::uint32_t id_slot) {
  TRY(make_folder(kProc));
  TRY(call_mount("proc", kProc, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""));
  auto shift = make_id_shift(kProc, first_host_id(0), first_host_id(id_slot));
  if (::umount2(kProc.c_str(), MNT_DETACH) != 0) return base::system_error("umount " + kProc.string(), errno);
  return shift;
}

Result<void> build_image_root(const Plan& plan, bool privileged) {
  const ImageRoot& image = plan.image;
  if (image.lower.empty())
    return base::make_error(base::ErrorKind::invalid_input, "an image root needs a layer");
  TRY(make_folder("/layers"));
  base::Fd shift;
  if (privileged && plan.id_slot != 0) {
    TRY(shift, shift_of_layers(plan.id_slot));
  }
  std::string lower;
  for (std::size_t i = 0; i < image.lower.size(); ++i) {
    // Short names: the options of a mount have to fit into one page.
    const Path folder = Path("/layers") / std::to_string(i);
    TRY(make_folder(folder));
    const Path source = kHost / Path(image.lower[i]).relative_path();
    TRY(shift ? bind_shifted(source, folder, shift)
              : call_mount(source.string(), folder, nullptr, MS_BIND, ""));
    lower += (i > 0 ? ":" : "") + folder.string();
  }
  if (!fits_in_options(image.upper) || !fits_in_options(image.work)) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "the state folder's path may not hold ',', ':' or '\\': " + image.upper);
  }
  const std::string options = "lowerdir=" + lower +
                              ",upperdir=" + (kHost / Path(image.upper).relative_path()).string() +
                              ",workdir=" + (kHost / Path(image.work).relative_path()).string() +
                              (privileged ? ",metacopy=off,redirect_dir=off" : ",userxattr");
  return call_mount("overlay", kRoot, "overlay", MS_NODEV, options);
}

Result<void> mount_proc() {
  TRY(const auto target, Target::folder("/proc"));
  TRY(call_mount("proc", target.path(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""));
  const Path proc = kRoot / "proc";
  for (const char* name : kHiddenFiles) {
    if (::access((proc / name).c_str(), F_OK) != 0) continue;
    TRY(call_mount((kHost / "dev/null").string(), proc / name, nullptr, MS_BIND, ""));
  }
  for (const char* name : kHiddenFolders) {
    if (::access((proc / name).c_str(), F_OK) == 0)
      TRY(call_mount("tmpfs", proc / name, "tmpfs", MS_RDONLY, "size=0"));
  }
  for (const char* name : kReadOnlyProc) {
    if (::access((proc / name).c_str(), F_OK) != 0) continue;
    TRY(call_mount((proc / name).string(), proc / name, nullptr, MS_BIND | MS_REC, ""));
    TRY(set_attributes(proc / name, MOUNT_ATTR_RDONLY));
  }
  return {};
}

Result<void> mount_dev(std::uint32_t first_id) {
  TRY(const auto target, Target::folder("/dev"));
  TRY(call_mount("tmpfs", target.path(), "tmpfs", MS_NOSUID, "mode=0755,size=64k"));
  const Path dev = kRoot / "dev";
  for (const char* name : kDevices) {
    const base::Fd node(::open((dev / name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    TRY(call_mount((kHost / "dev" / name).string(), dev / name, nullptr, MS_BIND, ""));
  }
  for (const char* name : {"pts", "shm"}) TRY(make_folder(dev / name));
  TRY(call_mount("devpts", dev / "pts", "devpts", MS_NOSUID | MS_NOEXEC,
                 "newinstance,ptmxmode=0666,mode=0620,gid=" + std::to_string(first_id)));
  TRY(call_mount("tmpfs", dev / "shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"));
  constexpr std::pair<const char*, const char*> kLinks[] = {{"/proc/self/fd", "fd"},
                                                            {"/proc/self/fd/0", "stdin"},
                                                            {"/proc/self/fd/1", "stdout"},
                                                            {"/proc/self/fd/2", "stderr"},
                                                            {"pts/ptmx", "ptmx"}};
  for (const auto& [to, name] : kLinks) {
    if (::symlink(to, (dev / name).c_str()) != 0) return base::system_error("symlink", errno);
  }
  return {};
}

// A file that the sandbox sees in place of its root's own; it never becomes part of an image's layer.
Result<void> inject(const Path& inside, const std::string& content) {
  TRY(make_folder("/injected"));
  const Path file = Path("/injected") / inside.filename();
  TRY(base::write_file(file, content));
  TRY(const auto target, Target::file(inside));
  return call_mount(file.string(), target.path(), nullptr, MS_BIND, "");
}

// An empty folder in place of a folder, /dev/null in place of a file.
Result<void> hide(const Path& inside) {
  TRY(const auto root, base::open_directory(kRoot));
  const auto found = base::open_beneath(root.get(), inside.relative_path(), O_PATH);
  struct stat status {};
  if (!found || ::fstat(found->get(), &status) != 0 || S_ISDIR(status.st_mode)) {
    TRY(const auto target, Target::folder(inside));
    return call_mount("tmpfs", target.path(), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=0755");
  }
  TRY(const auto target, Target::file(inside));
  return call_mount((kHost / "dev/null").string(), target.path(), nullptr, MS_BIND, "");
}

Result<void> carry_out(const Mount& mount) {
  if (!mount.beneath.empty()) return bind_beneath(mount);
  if (mount.kind == MountKind::bind) return bind_from_host(mount.source, mount.target, mount.access);
  const std::string size = mount.tmpfs_bytes > 0 ? ",size=" + std::to_string(mount.tmpfs_bytes) : "";
  return mount_tmpfs(mount.target, "mode=1777" + size);
}

Result<void> pivot_to_workbench() {
  TRY(call_mount("none", "/", nullptr, MS_REC | MS_PRIVATE, ""));
  TRY(call_mount("tmpfs", "/tmp", "tmpfs", 0, "mode=0755"));
  for (const auto& folder : {kHost, kRoot}) TRY(make_folder(Path("/tmp") / folder.relative_path()));
  if (::syscall(SYS_pivot_root, "/tmp", ("/tmp" / kHost.relative_path()).c_str()) != 0) {
    return base::system_error("pivot_root", errno);
  }
  if (::chdir("/") != 0) return base::system_error("chdir", errno);
  return {};
}

Result<void> pivot_to_root() {
  if (::chdir(kRoot.c_str()) != 0) return base::system_error("chdir", errno);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return base::system_error("pivot_root", errno);
  // The old root lies over the new one now; what hangs below it goes with it.
  if (::umount2(".", MNT_DETACH) != 0) return base::system_error("umount of the old root", errno);
  if (::chdir("/") != 0) return base::system_error("chdir", errno);
  return {};
}

}  // namespace

Result<void> enter_root(const Setting& setting) {
  const Plan& plan = setting.plan;
  TRY(pivot_to_workbench());
  ::umask(0022);
  if (plan.root == RootKind::image && setting.privileged) owner_of_mount_points = first_host_id(plan.id_slot);
  TRY(plan.root == RootKind::host ? build_host_root() : build_image_root(plan, setting.privileged));
  TRY(mount_proc());
  TRY(mount_dev(setting.privileged ? first_host_id(plan.id_slot) : 0));
  TRY(inject("/etc/resolv.conf", setting.resolv_conf));
  TRY(inject("/etc/hosts", setting.hosts));
  TRY(inject("/etc/hostname", plan.hostname + "\n"));
  for (const auto& mount : plan.mounts) TRY(carry_out(mount).while_doing("mounting " + mount.target));
  for (const auto& hidden : plan.supplementary_hidden) TRY(hide(hidden).while_doing("hiding " + hidden));
  if (plan.root == RootKind::host || plan.read_only_root) {
    // The root's own tmpfs last: until here it had to take mount points.
    mount_attr attr{};
    attr.attr_set = MOUNT_ATTR_RDONLY;
    if (::mount_setattr(AT_FDCWD, kRoot.c_str(), 0, &attr, sizeof attr) != 0)
      return base::system_error("mount_setattr /", errno);
  }
  return pivot_to_root();
}

}  // namespace sandbox
