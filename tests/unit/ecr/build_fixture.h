#pragma once
// What the tests of builds share: a context folder, a build in one call, its log.

#include <functional>
#include <string>
#include <vector>

#include "ecr/build.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {

class BuildTest : public ImagesTest {
 protected:
  void SetUp() override;
  /// A file of the build context.
  void add(const std::string& path, const std::string& content, mode_t mode = 0644) const;
  [[nodiscard]] base::Path context() const { return folder() / "context"; }

  using Change = std::function<void(BuildOptions&)>;
  base::Result<BuiltImage> try_build(const std::string& dockerfile, const Change& change = {});
  /// The image, which must come to be.
  Image build(const std::string& dockerfile, const Change& change = {});
  /// Why it does not come to be: `file:line:col: message …`.
  std::string failure(const std::string& dockerfile, const Change& change = {});
  /// describe_layer() of the newest layer.
  std::vector<std::string> last_layer(const Image& image);

  BuiltImage built_;              ///< of the last build
  std::vector<std::string> log_;  ///< its lines
};

}  // namespace ecr
