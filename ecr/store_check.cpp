#include "ecr/store_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/crypto.h"
#include "ecr/image_names.h"
#include "ecr/reached.h"
#include "ecr/store_check_trees.h"

namespace ecr {

namespace {

using base::Path;
using base::Result;

// What is wrong with one file among the blobs; nothing when it is right, or gone by now.
std::string fault_of_blob(const ImageStore& store, const std::string& name, StoreCheck& check) {
  const auto digest = Digest::parse("sha256:" + name);
  if (!digest) return "a file whose name is no digest";
  const auto fd = store.open_blob(*digest);
  if (!fd) return fd.error().kind == base::ErrorKind::not_found ? "" : fd.error().message;
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0 || !S_ISREG(status.st_mode)) return "not a regular file";
  const auto found = base::sha256_hex_of_file(fd->get());
  if (!found) return found.error().message;
  ++check.blobs;
  check.bytes += static_cast<std::uint64_t>(status.st_size);
  if (*found == name) return "";
  return fmt::format("its content has digest sha256:{}", *found);
}

}  // namespace

Result<StoreCheck> check_store(ImageStore& store, Repair repair) {
  StoreCheck check;
  const Path blobs = store.folder() / "blobs/sha256";
  TRY(const auto files, base::list_directory(blobs));
  for (const auto& name : files) {
    const auto fault = fault_of_blob(store, name, check);
    if (fault.empty()) continue;
    check.problems.push_back(fmt::format("blob {}: {}", name, fault));
    if (repair == Repair::none) continue;
    TRY(base::remove_tree(blobs / name));
    check.repairs.push_back("removed blob " + name);
  }
  TRY(check_trees(store, repair, check));
  TRY(const auto lock, base::FileLock::acquire(store.folder() / "locks" / "index"));
  TRY(auto names, read_names(store.folder()));
  check.names = names.size();
  const auto reached = reached_from(store, names);
  check.problems.insert(check.problems.end(), reached.problems.begin(), reached.problems.end());
  if (repair == Repair::none || reached.broken_names.empty()) return check;
  for (const auto& name : reached.broken_names) check.repairs.push_back("forgot the name " + name);
  std::erase_if(names, [&](const NamedImage& named) { return reached.broken_names.contains(named.name); });
  TRY(write_names(store.folder(), names));
  return check;
}

}  // namespace ecr
