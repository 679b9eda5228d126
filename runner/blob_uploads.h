#pragma once
// Uploads under way: the drafts of artifacts and caches that actions send, in blocks (Azure's block blobs) or
// in ranges (cache service v1). Each belongs to a job and ends with it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/http_server.h"
#include "base/result.h"
#include "steps/blob_store.h"

namespace runner {

class BlobUploads {
 public:
  /// `name` is what the job calls it when it is done; it has at most one upload of a name. The id is secret
  /// to nobody: addresses with it are signed.
  std::int64_t add(const std::string& job, const std::string& name, steps::BlobDraft draft,
                   std::uint64_t most_bytes);
  /// Takes the draft out; nothing when the job has none of that name.
  std::optional<steps::BlobDraft> take(const std::string& job, const std::string& name);
  /// The name of a job's upload; nothing when it is not that job's.
  std::optional<std::string> name_of(const std::string& job, std::int64_t id);
  void drop_job(const std::string& job);

  /// Each reads the request's body. An id that is not known is ErrorKind::not_found; too much content is
  /// invalid_input with code kTooLarge.
  base::Result<void> put_block(std::int64_t id, const std::string& block, const base::ServerRequest& request);
  base::Result<void> commit_blocks(std::int64_t id, const std::vector<std::string>& blocks);
  base::Result<void> put_all(std::int64_t id, const base::ServerRequest& request);
  base::Result<void> put_range(std::int64_t id, std::uint64_t offset, const base::ServerRequest& request);

  static constexpr std::string_view kTooLarge = "too_large";

 private:
  struct Upload;
  base::Result<std::shared_ptr<Upload>> find(std::int64_t id);
  base::Result<void> receive(Upload& upload, const base::ServerRequest& request,
                             const std::function<base::Result<void>(std::string_view)>& sink);

  std::mutex mutex_;
  std::int64_t last_id_ = 0;
  std::map<std::int64_t, std::shared_ptr<Upload>> uploads_;
};

}  // namespace runner
