#pragma once
// Where the public test data stands: in the folder that PIPELINE_CONFORMANCE names, else beside the
// repository. Tests that need it are skipped without it: a plain clone has none.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace workflow {

inline base::Path conformance_folder(std::string_view name) {
  if (const char* chosen = std::getenv("PIPELINE_CONFORMANCE"); chosen != nullptr)
    return base::Path(chosen) / name;
  return base::Path(PIPELINE_SOURCE_DIR).parent_path() / "shared" / "conformance" / name;
}

/// All files below the folder with one of the extensions, sorted.
inline std::vector<base::Path> files_below(const base::Path& folder,
                                           const std::vector<std::string>& extensions) {
  std::vector<base::Path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension().string();
    if (entry.is_regular_file() && std::count(extensions.begin(), extensions.end(), extension) > 0)
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline std::string content_of(const base::Path& path) {
  auto text = base::read_file(path);
  EXPECT_TRUE(text.ok()) << path;
  return text ? *text : std::string();
}

}  // namespace workflow

#define SKIP_WITHOUT_CONFORMANCE_DATA(name)                                                       \
  if (!base::is_directory(workflow::conformance_folder(name))) {                                  \
    GTEST_SKIP() << "the public test data '" << (name) << "' is not beside the repository: none " \
                 << "of it was checked";                                                          \
  }
