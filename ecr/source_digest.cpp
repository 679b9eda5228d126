#include "ecr/source_digest.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>

#include "base/crypto.h"
#include "ecr/build_copy.h"

namespace ecr {

namespace {

using base::Result;

constexpr const char* kSources = "sources";
constexpr std::int64_t kRacySeconds = 2;

/// How files look, without reading them.
struct Looks {
  std::string digest;
  std::int64_t newest_change = 0;
};

Result<Looks> looks_of_sources(const CopySource& source, const std::vector<FoundSource>& paths,
                               bool with_owners) {
  Looks looks;
  base::Sha256 digest;
  digest.update(with_owners ? "with owners\n" : "files\n");
  for (const auto& found : paths) {
    digest.update(found.path + "\n" + found.kept + "\n");
    TRY(walk_source(source, found.path, [&](const WalkedEntry& entry) -> Result<void> {
      const auto& status = entry.status;
      digest.update(fmt::format("{}:{} {} {} {} {:o} {}:{} {}.{} {}.{}\n", entry.inside.size(), entry.inside,
                                status.st_dev, status.st_ino, status.st_size, status.st_mode, status.st_uid,
                                status.st_gid, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                                status.st_ctim.tv_sec, status.st_ctim.tv_nsec));
      looks.newest_change = std::max<std::int64_t>(looks.newest_change, status.st_ctim.tv_sec);
      return {};
    }));
  }
  looks.digest = base::to_hex(base::as_text(digest.finish()));
  return looks;
}

}  // namespace

Result<std::string> remembered_digest_of_sources(const CopySource& source,
                                                 const std::vector<FoundSource>& paths, bool with_owners,
                                                 ImageStore& store) {
  TRY(const auto looks, looks_of_sources(source, paths, with_owners));
  const bool settled = looks.newest_change + kRacySeconds < std::time(nullptr);
  if (settled) {
    if (auto known = store.read_record(kSources, looks.digest)) return *std::move(known);
  }
  TRY(auto digest, digest_of_sources(source, paths, with_owners));
  if (settled) TRY(store.write_record(kSources, looks.digest, digest));
  return digest;
}

}  // namespace ecr
