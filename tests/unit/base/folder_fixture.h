#pragma once
// A fixture with an empty folder of its own, and the few words that tests of files share.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "base/files.h"

namespace base {

/// What went wrong, or "" when nothing did: for `EXPECT_EQ(failure_of(f()), "")`.
template <typename T>
std::string failure_of(const Result<T>& result) {
  return result.ok() ? "" : result.error().to_string();
}

class FolderTest : public testing::Test {
 protected:
  [[nodiscard]] Path at(const std::string& name) const { return folder_.path() / name; }

  [[nodiscard]] Path put(const std::string& name, std::string_view content, mode_t mode = 0644) const {
    EXPECT_EQ(failure_of(make_directories(at(name).parent_path())), "");
    EXPECT_EQ(failure_of(write_file(at(name), content, mode)), "");
    return at(name);
  }

  /// The content, or a text that no test expects.
  [[nodiscard]] std::string content_of(const std::string& name) const {
    return read_file(at(name)).value_or("(" + name + " cannot be read)");
  }

  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::lstat(at(name).c_str(), &status), 0) << name;
    return status.st_mode & 07777;
  }

  TempDir folder_ = TempDir::create("base-test").value();
};

}  // namespace base
