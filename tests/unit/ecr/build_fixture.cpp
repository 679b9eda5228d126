#include "tests/unit/ecr/build_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

namespace ecr {

void BuildTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "building an image needs the right to mount an overlay (root)";
  ImagesTest::SetUp();
  take(base::make_directories(context()));
  import_shell_image();
}

void BuildTest::add(const std::string& path, const std::string& content, mode_t mode) const {
  write("context/" + path, content);
  ASSERT_EQ(::chmod((context() / path).c_str(), mode), 0);
}

base::Result<BuiltImage> BuildTest::try_build(const std::string& dockerfile, const Change& change) {
  log_.clear();
  const auto folder = take(base::open_directory(context()));
  BuildOptions options{.context = folder.get(), .dockerfile = dockerfile, .tags = {"built:1"}};
  options.progress = [this](const BuildProgress& progress) { log_.push_back(progress.line); };
  if (change) change(options);
  return build_image(options, store());
}

Image BuildTest::build(const std::string& dockerfile, const Change& change) {
  built_ = take(try_build(dockerfile, change));
  return take(store().image(built_.manifest));
}

std::string BuildTest::failure(const std::string& dockerfile, const Change& change) {
  const auto built = try_build(dockerfile, change);
  return built ? "built" : built.error().to_string();
}

std::vector<std::string> BuildTest::last_layer(const Image& image) {
  return describe_layer(store(), image.manifest.layers.back());
}

}  // namespace ecr
