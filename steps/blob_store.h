#pragma once
// Finished files with a few words about each, on shelves: what artifacts and caches are kept in. Safe for
// several processes at once and for their being killed at any moment. Not for the rules of artifacts and
// caches, which are in artifacts.h and caches.h.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/files.h"
#include "base/result.h"

namespace steps {

/// Words that the owner of a shelf keeps with a blob.
using BlobLabels = std::map<std::string, std::string>;

struct StoredBlob {
  std::int64_t id = 0;   ///< never given twice in one store
  std::string identity;  ///< no two on a shelf have the same
  BlobLabels labels;
  std::uint64_t size = 0;
  std::string sha256;  ///< of the content, hexadecimal; "" when none was wanted
  double created = 0;  ///< epoch seconds
  double used = 0;     ///< when it was last read
  double expires = 0;  ///< 0 is never
};

/// Whether the store computes the content's digest; not of what carries a checksum itself.
enum class BlobDigest { sha256, none };

/// The Error::code of what is there already, or is being made by somebody.
inline constexpr std::string_view kBlobExists = "blob_exists";

/// A blob that is being written. Its place on the shelf is taken until it is finished or destroyed. For one
/// thread at a time.
class BlobDraft {
 public:
  /// Appends to the content.
  base::Result<void> write(std::string_view bytes);
  /// Puts bytes at a place of the content, for those who send it in pieces of any order.
  base::Result<void> write_at(std::uint64_t offset, std::string_view bytes);
  /// Forgets the content, to be written anew.
  base::Result<void> clear();
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// The SHA-256 of the content so far, hexadecimal; "" when the store computes none. Asked again it is not
  /// computed again.
  base::Result<std::string> digest();
  /// Where more files of the draft may be put; gone with it.
  [[nodiscard]] const base::Path& folder() const { return folder_.path(); }
  /// The open content, to be read before it is finished.
  [[nodiscard]] int content() const { return content_.get(); }

  BlobLabels labels;
  double expires = 0;

 private:
  friend class BlobStore;
  BlobDraft(base::FileLock lock, base::TempDir folder, base::Fd content)
      : lock_(std::move(lock)), folder_(std::move(folder)), content_(std::move(content)) {}

  base::FileLock lock_;  ///< let go of after the folder is gone
  base::TempDir folder_;
  base::Fd content_;
  base::Path shelf_;
  std::string identity_;
  BlobDigest digest_ = BlobDigest::sha256;
  std::optional<base::Sha256> running_;  ///< absent once it was not written in order
  std::string known_digest_;             ///< "" until it was asked for, and after each write
  std::uint64_t size_ = 0;
  std::uint64_t on_its_way_ = 0;  ///< to the disk
};

class BlobStore {
 public:
  /// The folder is made when missing; what killed processes left unfinished in it is removed.
  static base::Result<std::shared_ptr<BlobStore>> open(const base::Path& folder);

  /// Takes a place on a shelf (a relative path). Another of that identity, finished or under way, is
  /// ErrorKind::denied with code kBlobExists.
  base::Result<BlobDraft> begin(const std::string& shelf, const std::string& identity,
                                BlobDigest digest = BlobDigest::sha256);
  /// Puts the draft on its shelf, on disk for good. Content with another digest than `sha256` (when that is
  /// not empty) is invalid_input.
  base::Result<StoredBlob> finish(BlobDraft draft, const std::string& sha256 = "");

  /// All of a shelf, oldest first; those that have expired are left out.
  [[nodiscard]] std::vector<StoredBlob> list(const std::string& shelf) const;
  /// The names of all shelves below `group`.
  [[nodiscard]] std::vector<std::string> shelves(const std::string& group) const;
  /// Its content stays readable even when it is removed meanwhile.
  [[nodiscard]] base::Result<base::Fd> open_content(const std::string& shelf, std::int64_t id) const;
  /// Marks it as used now.
  void touch(const std::string& shelf, std::int64_t id) const;
  /// That it is gone already is no error.
  base::Result<void> remove(const std::string& shelf, std::int64_t id);
  /// Removes what has expired, from all shelves.
  base::Result<void> remove_expired();

 private:
  explicit BlobStore(base::Path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] base::Result<base::FileLock> lock() const;
  base::Result<void> clean_up();
  [[nodiscard]] base::Result<std::int64_t> next_id() const;
  [[nodiscard]] base::Path drafts() const { return folder_ / "drafts"; }
  [[nodiscard]] bool is_under_way(const std::string& shelf, const std::string& identity) const;

  base::Path folder_;
};

}  // namespace steps
