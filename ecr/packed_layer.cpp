#include "ecr/packed_layer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include <fmt/format.h>

#include "base/json.h"
#include "ecr/parallel_compressor.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr const char* kPackedRecords = "packed";
constexpr const char* kSeenRecords = "seen";
constexpr std::size_t kMostRepositories = 8;

std::string packed_key(const Digest& diff_id, BlockCodec codec) {
  return fmt::format("{} {}", diff_id.to_string(), name_of(codec));
}

/// The thread that reads the plain layer, and what comes out of the compressor.
class PackedStream {
 public:
  PackedStream(base::Fd fd, Digest digest, BlockCodec codec, std::shared_ptr<BlobWriter> keep)
      : fd_(std::move(fd)),
        digest_(std::move(digest)),
        block_bytes_(block_size(codec)),
        compressor_(codec),
        keep_(std::move(keep)),
        reader_([this] { read_all_blocks(); }) {}
  PackedStream(const PackedStream&) = delete;
  PackedStream& operator=(const PackedStream&) = delete;
  ~PackedStream() {
    compressor_.give_up();
    reader_.join();
  }

  Result<std::size_t> read(char* buffer, std::size_t size) {
    while (at_ == piece_.size()) {
      compressor_.recycle(std::move(piece_));
      TRY(piece_, compressor_.take());
      at_ = 0;
      if (piece_.empty()) return std::size_t{0};
      if (keep_) TRY(keep_->write(piece_));
    }
    const auto count = piece_.copy(buffer, size, at_);
    at_ += count;
    return count;
  }

 private:
  void read_all_blocks() {
    base::Sha256 found;
    while (true) {
      std::string block = compressor_.spare();
      if (auto filled = fill(block); !filled) return compressor_.end(std::move(filled).error());
      if (block.empty()) break;
      found.update(block);
      if (!compressor_.put(std::move(block))) return;
    }
    if (Digest::from(found.finish()) == digest_) return compressor_.end();
    compressor_.end(
        make_error(ErrorKind::invalid_input,
                   fmt::format("layer {} of the image store is damaged; `pipeline image fsck --repair` "
                               "takes it away, then pull or build again",
                               digest_.to_string())));
  }

  Result<void> fill(std::string& block) const {
    block.resize(block_bytes_);
    std::size_t filled = 0;
    while (filled < block_bytes_) {
      const ssize_t count = ::read(fd_.get(), block.data() + filled, block_bytes_ - filled);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return base::system_error("reading layer " + digest_.to_string(), errno);
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    block.resize(filled);
    return {};
  }

  base::Fd fd_;
  Digest digest_;
  std::size_t block_bytes_;
  ParallelCompressor compressor_;
  std::shared_ptr<BlobWriter> keep_;
  std::string piece_;
  std::size_t at_ = 0;
  std::thread reader_;
};

}  // namespace

std::optional<Descriptor> find_packed(const ImageStore& store, const Digest& diff_id, BlockCodec codec) {
  const auto text = store.read_record(kPackedRecords, packed_key(diff_id, codec));
  const auto json = text ? base::parse_json(*text) : Result<base::Json>(base::Json());
  auto descriptor = json ? descriptor_from_json(*json) : Result<Descriptor>(json.error());
  if (!descriptor) return std::nullopt;
  return std::move(*descriptor);
}

Result<void> remember_packed(ImageStore& store, const Digest& diff_id, BlockCodec codec,
                             const Descriptor& packed) {
  return store.write_record(kPackedRecords, packed_key(diff_id, codec), base::to_text(to_json(packed)));
}

Result<ByteSource> pack_layer(const ImageStore& store, const Descriptor& plain, BlockCodec codec,
                              std::shared_ptr<BlobWriter> keep) {
  TRY(auto fd, store.open_blob(plain.digest));
  auto stream = std::make_shared<PackedStream>(std::move(fd), plain.digest, codec, std::move(keep));
  return ByteSource([stream](char* buffer, std::size_t size) { return stream->read(buffer, size); });
}

std::string packed_media_type(const std::string& plain, BlockCodec codec) {
  const bool is_docker = plain == media_type::kDockerLayer;
  if (codec == BlockCodec::zstd) return is_docker ? media_type::kDockerLayerZstd : media_type::kOciLayerZstd;
  return is_docker ? media_type::kDockerLayerGzip : media_type::kOciLayerGzip;
}

std::vector<std::string> repositories_with(const ImageStore& store, const Digest& digest) {
  std::vector<std::string> repositories;
  const auto text = store.read_record(kSeenRecords, digest.to_string());
  const auto json = text ? base::parse_json(*text) : Result<base::Json>(base::Json());
  if (!json || !json->is_array()) return repositories;
  for (const auto& entry : *json) {
    if (entry.is_string()) repositories.push_back(entry.get<std::string>());
  }
  return repositories;
}

// A hint only: that it could not be kept costs an upload at most.
void remember_repository(ImageStore& store, const Digest& digest, const std::string& repository) {
  auto repositories = repositories_with(store, digest);
  if (!repositories.empty() && repositories.front() == repository) return;
  std::erase(repositories, repository);
  repositories.insert(repositories.begin(), repository);
  if (repositories.size() > kMostRepositories) repositories.resize(kMostRepositories);
  (void)store.write_record(kSeenRecords, digest.to_string(), base::to_text(base::Json(repositories)));
}

}  // namespace ecr
