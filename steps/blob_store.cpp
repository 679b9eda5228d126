#include "steps/blob_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"

// A shelf is a folder with ID.json and ID.blob of each. The record is written last, by a rename: what has
// none is nothing. A draft is a folder whose lock is held by who writes it; all changes are made under one
// lock.

namespace steps {
namespace {

using base::Path;
using base::Result;

constexpr std::string_view kRecord = ".json";
constexpr std::string_view kContent = ".blob";
constexpr std::size_t kLongestRecord = 1U << 20;
constexpr std::uint64_t kWriteBack = 32U << 20;

double epoch_now() {
  return base::to_epoch_seconds(base::system_clock().now());
}

Path file_of(const Path& shelf, std::int64_t id, std::string_view kind) {
  return shelf / fmt::format("{}{}", id, kind);
}

std::optional<std::int64_t> id_of(const std::string& name, std::string_view kind) {
  if (!name.ends_with(kind)) return std::nullopt;
  return base::parse_integer(std::string_view(name).substr(0, name.size() - kind.size()));
}

Result<void> sync(int fd) {
  if (::fsync(fd) != 0) return base::system_error("fsync", errno);
  return {};
}

Result<void> sync_folder(const Path& path) {
  TRY(const auto folder, base::open_directory(path));
  return sync(folder.get());
}

// As base::write_file, but on disk before the name is.
Result<void> write_record(const Path& path, const std::string& text) {
  const Path temporary = path.string() + ".new";
  const base::Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return base::system_error("cannot write " + temporary.string(), errno);
  TRY(base::write_all(fd.get(), text));
  TRY(sync(fd.get()));
  if (::rename(temporary.c_str(), path.c_str()) != 0)
    return base::system_error("cannot write " + path.string(), errno);
  return {};
}

std::optional<StoredBlob> read_record(const Path& shelf, const std::string& name) {
  const auto id = id_of(name, kRecord);
  if (!id) return std::nullopt;
  const auto text = base::read_file(shelf / name, kLongestRecord);
  if (!text) return std::nullopt;
  const auto json = base::parse_json(*text);
  if (!json || !json->is_object()) return std::nullopt;
  StoredBlob blob;
  blob.id = *id;
  blob.identity = base::json_string(*json, "identity");
  blob.sha256 = base::json_string(*json, "sha256");
  blob.size = static_cast<std::uint64_t>(base::json_number(*json, "size"));
  blob.created = base::json_number(*json, "created");
  blob.expires = base::json_number(*json, "expires");
  for (const auto& [label, value] : base::json_member(*json, "labels").items()) {
    if (value.is_string()) blob.labels[label] = value.get<std::string>();
  }
  struct stat status {};
  blob.used = blob.created;
  if (::stat((shelf / name).c_str(), &status) == 0)
    blob.used =
        static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
  return blob;
}

std::string to_record(const StoredBlob& blob) {
  base::Json labels = base::Json::object();
  for (const auto& [label, value] : blob.labels) labels[label] = value;
  return base::to_text(base::Json{{"identity", blob.identity},
                                  {"labels", std::move(labels)},
                                  {"size", blob.size},
                                  {"sha256", blob.sha256},
                                  {"created", blob.created},
                                  {"expires", blob.expires}});
}

std::vector<std::string> names_in(const Path& folder) {
  return base::list_directory(folder).value_or(std::vector<std::string>());
}

// What a process that was killed left between content and record.
void remove_leftovers(const Path& shelf) {
  const auto names = names_in(shelf);
  for (const auto& name : names) {
    const auto id = id_of(name, kContent);
    const bool lost = id && !base::exists(file_of(shelf, *id, kRecord));
    if (lost || name.ends_with(".new")) ::unlink((shelf / name).c_str());
  }
}

}  // namespace

Result<void> BlobDraft::write(std::string_view bytes) {
  TRY(base::write_all(content_.get(), bytes).while_doing("writing to " + folder().string()));
  size_ += bytes.size();
  known_digest_.clear();
  if (running_) running_->update(bytes);
  if (size_ - on_its_way_ >= kWriteBack) {
    // The disk begins now, so that there is little left to wait for at the end.
    (void)::sync_file_range(content_.get(), static_cast<off_t>(on_its_way_),
                            static_cast<off_t>(size_ - on_its_way_), SYNC_FILE_RANGE_WRITE);
    on_its_way_ = size_;
  }
  return {};
}

Result<void> BlobDraft::write_at(std::uint64_t offset, std::string_view bytes) {
  running_.reset();
  known_digest_.clear();
  while (!bytes.empty()) {
    const auto count = ::pwrite(content_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::system_error("writing to " + folder().string(), errno);
    offset += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  size_ = std::max(size_, offset);
  return {};
}

Result<void> BlobDraft::clear() {
  if (::ftruncate(content_.get(), 0) != 0 || ::lseek(content_.get(), 0, SEEK_SET) != 0)
    return base::system_error("writing to " + folder().string(), errno);
  if (digest_ == BlobDigest::sha256) running_ = base::Sha256();
  size_ = on_its_way_ = 0;
  known_digest_.clear();
  return {};
}

Result<std::string> BlobDraft::digest() {
  if (digest_ == BlobDigest::none || !known_digest_.empty()) return known_digest_;
  if (running_) {
    const auto bytes = running_->finish();
    running_.reset();
    known_digest_ = base::to_hex(base::as_text(bytes));
    return known_digest_;
  }
  if (::lseek(content_.get(), 0, SEEK_SET) != 0) return base::system_error("reading a draft", errno);
  TRY(known_digest_, base::sha256_hex_of_file(content_.get()));
  return known_digest_;
}

Result<std::shared_ptr<BlobStore>> BlobStore::open(const Path& folder) {
  std::shared_ptr<BlobStore> store(new BlobStore(folder));
  TRY(base::make_directories(store->drafts(), 0700));
  TRY(store->clean_up());
  return store;
}

Result<base::FileLock> BlobStore::lock() const {
  return base::FileLock::acquire(folder_ / "lock");
}

Result<void> BlobStore::clean_up() {
  TRY(const auto alone, lock());
  for (const auto& name : names_in(drafts())) {
    const auto held = base::FileLock::try_acquire(drafts() / name / "lock");
    if (held && *held) TRY(base::remove_tree(drafts() / name));
  }
  return {};
}

bool BlobStore::is_under_way(const std::string& shelf, const std::string& identity) const {
  for (const auto& name : names_in(drafts())) {
    const auto text = base::read_file(drafts() / name / "place", kLongestRecord);
    if (!text || *text != shelf + "\n" + identity) continue;
    const auto held = base::FileLock::try_acquire(drafts() / name / "lock");
    if (held && !*held) return true;
  }
  return false;
}

Result<BlobDraft> BlobStore::begin(const std::string& shelf, const std::string& identity, BlobDigest digest) {
  TRY(const auto alone, lock());
  for (const auto& blob : list(shelf)) {
    if (blob.identity != identity) continue;
    auto error = base::make_error(base::ErrorKind::denied, "it exists already");
    error.code = kBlobExists;
    return error;
  }
  if (is_under_way(shelf, identity)) {
    auto error = base::make_error(base::ErrorKind::denied, "another job is creating it");
    error.code = kBlobExists;
    return error;
  }
  TRY(auto folder, base::TempDir::create_in(drafts(), "draft"));
  TRY(auto held, base::FileLock::acquire(folder.path() / "lock"));
  TRY(base::write_file(folder.path() / "place", shelf + "\n" + identity, 0600));
  base::Fd content(::open((folder.path() / "content").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!content) return base::system_error("cannot write in " + folder.path().string(), errno);
  BlobDraft draft(std::move(held), std::move(folder), std::move(content));
  draft.shelf_ = shelf;
  draft.digest_ = digest;
  if (digest == BlobDigest::sha256) draft.running_ = base::Sha256();
  draft.identity_ = identity;
  return draft;
}

Result<std::int64_t> BlobStore::next_id() const {
  const Path counter = folder_ / "last_id";
  std::int64_t last = 0;
  if (base::exists(counter)) {
    TRY(const auto text, base::read_file(counter, 64));
    last = base::parse_integer(base::trim(text)).value_or(0);
  }
  TRY(write_record(counter, std::to_string(last + 1)));
  return last + 1;
}

Result<StoredBlob> BlobStore::finish(BlobDraft draft, const std::string& sha256) {
  StoredBlob blob;
  TRY(blob.sha256, draft.digest());
  if (!sha256.empty() && !base::equals_ignoring_case(sha256, blob.sha256)) {
    return base::invalid_input(
        fmt::format("the content has the SHA-256 {}, expected {}", blob.sha256, sha256));
  }
  blob.identity = draft.identity_;
  blob.labels = draft.labels;
  blob.size = draft.size_;
  blob.created = blob.used = epoch_now();
  blob.expires = draft.expires;
  TRY(sync(draft.content_.get()));
  const Path shelf = folder_ / draft.shelf_;
  TRY(const auto alone, lock());
  TRY(base::make_directories(shelf, 0700));
  remove_leftovers(shelf);
  TRY(blob.id, next_id());
  if (::rename((draft.folder() / "content").c_str(), file_of(shelf, blob.id, kContent).c_str()) != 0)
    return base::system_error("cannot keep the content in " + shelf.string(), errno);
  TRY(write_record(file_of(shelf, blob.id, kRecord), to_record(blob)));
  TRY(sync_folder(shelf));
  return blob;
}

std::vector<StoredBlob> BlobStore::list(const std::string& shelf) const {
  std::vector<StoredBlob> blobs;
  const double at = epoch_now();
  for (const auto& name : names_in(folder_ / shelf)) {
    auto blob = read_record(folder_ / shelf, name);
    if (blob && (blob->expires == 0 || blob->expires > at)) blobs.push_back(std::move(*blob));
  }
  std::sort(blobs.begin(), blobs.end(), [](const StoredBlob& a, const StoredBlob& b) { return a.id < b.id; });
  return blobs;
}

std::vector<std::string> BlobStore::shelves(const std::string& group) const {
  std::vector<std::string> shelves;
  for (const auto& name : names_in(folder_ / group)) shelves.push_back(group + "/" + name);
  return shelves;
}

Result<base::Fd> BlobStore::open_content(const std::string& shelf, std::int64_t id) const {
  const Path path = file_of(folder_ / shelf, id, kContent);
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return base::system_error("cannot read " + path.string(), errno);
  return fd;
}

void BlobStore::touch(const std::string& shelf, std::int64_t id) const {
  (void)::utimensat(AT_FDCWD, file_of(folder_ / shelf, id, kRecord).c_str(), nullptr, 0);
}

Result<void> BlobStore::remove(const std::string& shelf, std::int64_t id) {
  TRY(const auto alone, lock());
  // The record first: without it the rest is nothing.
  for (const auto kind : {kRecord, kContent}) {
    const Path path = file_of(folder_ / shelf, id, kind);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return base::system_error("cannot remove " + path.string(), errno);
  }
  // Nobody puts something on it meanwhile; one that is not empty stays.
  (void)::rmdir((folder_ / shelf).c_str());
  return {};
}

Result<void> BlobStore::remove_expired() {
  for (const std::string group : {"artifacts", "caches"}) {
    for (const auto& shelf : shelves(group)) {
      for (const auto& name : names_in(folder_ / shelf)) {
        const auto blob = read_record(folder_ / shelf, name);
        if (blob && blob->expires != 0 && blob->expires <= epoch_now()) TRY(remove(shelf, blob->id));
      }
    }
  }
  return {};
}

}  // namespace steps
