#pragma once
// The mode that --chmod gives: an octal number, or letters as chmod(1) reads them (`u=rwX,go=rX`).

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ecr {

class FileMode {
 public:
  static base::Result<FileMode> parse(std::string_view text);
  /// Of a file or folder that had `before`.
  [[nodiscard]] mode_t of(mode_t before, bool is_folder) const;
  /// Whether it is the same for all, whatever they had.
  [[nodiscard]] bool is_number() const { return changes_.empty(); }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  /// One change: who by their bits, how, and what.
  struct Change {
    mode_t who = 0;
    char how = '=';
    mode_t bits = 0;          ///< rwx and s or t, for everybody; `who` picks
    bool search_too = false;  ///< X: x for folders and for what is executable already
  };
  static base::Result<std::vector<Change>> parse_changes(std::string_view text);
  static base::Result<void> parse_clause(std::string_view clause, std::vector<Change>& changes);
  static mode_t changed(mode_t mode, const Change& change, bool is_folder);

  std::string text_;
  mode_t number_ = 0;
  std::vector<Change> changes_;  ///< empty: the number
};

}  // namespace ecr
