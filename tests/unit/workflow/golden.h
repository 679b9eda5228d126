#pragma once
// What a test makes of tests/golden/x.yml, held against the file beside it. ACCEPT=1 writes it anew.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/files.h"

namespace workflow {

inline base::Path golden_folder(const std::string& name) {
  return base::Path(PIPELINE_SOURCE_DIR) / "tests" / "golden" / name;
}

inline void expect_golden(const base::Path& file, const std::string& found) {
  if (std::getenv("ACCEPT") != nullptr) {
    ASSERT_TRUE(base::write_file(file, found).ok()) << file;
    return;
  }
  const auto expected = base::read_file(file);
  ASSERT_TRUE(expected.ok()) << file << " is missing; ACCEPT=1 writes it";
  EXPECT_EQ(found, *expected) << file << "; when this is right, ACCEPT=1 writes it anew";
}

}  // namespace workflow
