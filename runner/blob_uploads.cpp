#include "runner/blob_uploads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>

#include "base/crypto.h"

namespace runner {

namespace {

constexpr std::size_t kMostBlocks = 50'000;  // learn.microsoft.com "Put Block List"
constexpr std::size_t kUploadPiece = 1U << 20;

// A block's id is the client's: no name for a file.
std::string file_of_block(const std::string& block) {
  return "block-" + base::sha256_hex(block);
}

base::Error too_large(std::uint64_t most) {
  auto error = base::invalid_input(fmt::format("more than {} were sent", base::format_bytes(most)));
  error.code = BlobUploads::kTooLarge;
  return error;
}

}  // namespace

struct BlobUploads::Upload {
  Upload(std::string of_job, std::string called, steps::BlobDraft begun, std::uint64_t most)
      : job(std::move(of_job)), name(std::move(called)), draft(std::move(begun)), most_bytes(most) {}

  const std::string job;
  const std::string name;
  std::mutex mutex;  ///< held around every use of the draft
  std::optional<steps::BlobDraft> draft;
  const std::uint64_t most_bytes;
  std::atomic<std::uint64_t> received = 0;
  std::map<std::string, std::uint64_t> blocks;  ///< sizes by file name
};

std::int64_t BlobUploads::add(const std::string& job, const std::string& name, steps::BlobDraft draft,
                              std::uint64_t most_bytes) {
  auto upload = std::make_shared<Upload>(job, name, std::move(draft), most_bytes);
  const std::lock_guard lock(mutex_);
  uploads_[++last_id_] = std::move(upload);
  return last_id_;
}

std::optional<steps::BlobDraft> BlobUploads::take(const std::string& job, const std::string& name) {
  std::shared_ptr<Upload> upload;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = uploads_.begin(); it != uploads_.end(); ++it) {
      if (it->second->job != job || it->second->name != name) continue;
      upload = std::move(it->second);
      uploads_.erase(it);
      break;
    }
  }
  if (!upload) return std::nullopt;
  const std::lock_guard lock(upload->mutex);
  return std::exchange(upload->draft, std::nullopt);
}

std::optional<std::string> BlobUploads::name_of(const std::string& job, std::int64_t id) {
  const auto upload = find(id);
  if (!upload || (*upload)->job != job) return std::nullopt;
  return (*upload)->name;
}

void BlobUploads::drop_job(const std::string& job) {
  std::vector<std::shared_ptr<Upload>> dropped;  // their files go without the lock
  const std::lock_guard lock(mutex_);
  for (auto it = uploads_.begin(); it != uploads_.end();) {
    if (it->second->job == job) {
      dropped.push_back(std::move(it->second));
      it = uploads_.erase(it);
    } else {
      ++it;
    }
  }
}

base::Result<std::shared_ptr<BlobUploads::Upload>> BlobUploads::find(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id);
  if (found == uploads_.end())
    return base::make_error(base::ErrorKind::not_found, fmt::format("there is no upload {}", id));
  return found->second;
}

base::Result<void> BlobUploads::receive(Upload& upload, const base::ServerRequest& request,
                                        const std::function<base::Result<void>(std::string_view)>& sink) {
  std::optional<base::Error> failure;
  auto read = request.read_body([&](std::string_view chunk) {
    if ((upload.received += chunk.size()) > upload.most_bytes) {
      failure = too_large(upload.most_bytes);
    } else if (auto written = sink(chunk); !written) {
      failure = written.error();
    }
    return !failure.has_value();
  });
  if (failure) return *failure;
  return read;
}

base::Result<void> BlobUploads::put_block(std::int64_t id, const std::string& block,
                                          const base::ServerRequest& request) {
  TRY(const auto upload, find(id));
  base::Path folder;
  {
    const std::lock_guard lock(upload->mutex);
    if (!upload->draft) return base::make_error(base::ErrorKind::not_found, "the upload is done");
    if (upload->blocks.size() >= kMostBlocks)
      return base::invalid_input(fmt::format("a blob has at most {} blocks", kMostBlocks));
    folder = upload->draft->folder();
  }
  // Beside others: a block becomes visible when it is whole.
  const auto name = file_of_block(block);
  const auto temporary = folder / fmt::format("{}.{}", name, base::random_hex(8));
  const base::Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return base::system_error("cannot write a block", errno);
  std::uint64_t size = 0;
  auto received = receive(*upload, request, [&](std::string_view chunk) {
    size += chunk.size();
    return base::write_all(file.get(), chunk);
  });
  const std::lock_guard lock(upload->mutex);
  if (received && ::rename(temporary.c_str(), (folder / name).c_str()) != 0)
    received = base::system_error("cannot keep a block", errno);
  if (!received) {
    ::unlink(temporary.c_str());
    return received;
  }
  // One that is sent again takes the place of the first.
  auto& known = upload->blocks[name];
  upload->received -= known;
  known = size;
  return {};
}

base::Result<void> BlobUploads::commit_blocks(std::int64_t id, const std::vector<std::string>& blocks) {
  TRY(const auto upload, find(id));
  const std::lock_guard lock(upload->mutex);
  if (!upload->draft) return base::make_error(base::ErrorKind::not_found, "the upload is done");
  for (const auto& block : blocks) {
    if (!upload->blocks.contains(file_of_block(block)))
      return base::invalid_input("the specified block list is invalid");
  }
  TRY(upload->draft->clear());
  std::string piece(kUploadPiece, '\0');
  for (const auto& block : blocks) {
    const auto path = upload->draft->folder() / file_of_block(block);
    const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return base::invalid_input("the specified block list names a block twice");
    for (ssize_t count = 0; (count = ::read(file.get(), piece.data(), piece.size())) != 0;) {
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::system_error("reading a block", errno);
      TRY(upload->draft->write(std::string_view(piece).substr(0, static_cast<std::size_t>(count))));
    }
    ::unlink(path.c_str());
  }
  upload->blocks.clear();
  return {};
}

base::Result<void> BlobUploads::put_all(std::int64_t id, const base::ServerRequest& request) {
  TRY(const auto upload, find(id));
  const std::lock_guard lock(upload->mutex);
  if (!upload->draft) return base::make_error(base::ErrorKind::not_found, "the upload is done");
  TRY(upload->draft->clear());
  upload->received = 0;
  return receive(*upload, request, [&](std::string_view chunk) { return upload->draft->write(chunk); });
}

base::Result<void> BlobUploads::put_range(std::int64_t id, std::uint64_t offset,
                                          const base::ServerRequest& request) {
  TRY(const auto upload, find(id));
  if (offset > upload->most_bytes) return too_large(upload->most_bytes);
  return receive(*upload, request, [&](std::string_view chunk) -> base::Result<void> {
    const std::lock_guard lock(upload->mutex);
    if (!upload->draft) return base::make_error(base::ErrorKind::not_found, "the upload is done");
    TRY(upload->draft->write_at(offset, chunk));
    offset += chunk.size();
    return {};
  });
}

}  // namespace runner
