#include "server/mirrors.h"

#include "base/strings.h"

namespace server {

base::Path Mirrors::path_of(const RepositoryConfig& repository) const {
  return folder_ / (base::to_lower(repository.name) + ".git");
}

base::Result<void> Mirrors::update(const RepositoryConfig& repository,
                                   const std::vector<std::string>& references, const std::stop_token& stop) {
  base::MirrorSource source{.url = repository.url, .user = repository.user, .stop = stop};
  TRY(source.password, read_secret(repository.credential));
  source.references.insert(source.references.end(), references.begin(), references.end());
  const std::lock_guard lock(mutex_);
  const auto mirror = path_of(repository);
  TRY(base::make_directories(mirror.parent_path(), 0700));
  return base::update_mirror(mirror, source);
}

}  // namespace server
