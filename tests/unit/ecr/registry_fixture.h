#pragma once
// What the tests of registries share: a real HTTP client on a clock that stands still, and a small image.

#include <memory>
#include <string>

#include "base/crypto.h"
#include "base/http_client.h"
#include "ecr/push.h"
#include "ecr/registry.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {

class RegistryTest : public ImagesTest {
 protected:
  void SetUp() override {
    ImagesTest::SetUp();
    http_ = base::make_curl_http_client();
    options_.http = http_.get();
    options_.clock = &clock_;
  }

  /// A small image of two layers under that name.
  Descriptor make_image(const std::string& name, const std::string& content = "one") {
    take(base::make_directories(folder() / "tree"));
    take(base::write_file(folder() / "tree/file", content));
    const auto lower = take(write_layer(folder() / "tree", {}, store()));
    take(base::write_file(folder() / "tree/other", base::random_bytes(100'000)));
    const auto upper = take(write_layer(folder() / "tree", {}, store()));
    ImageConfig config{.platform = host_platform(), .env = {"A=1"}};
    config.diff_ids = {lower.diff_id, upper.diff_id};
    const auto image = take(store().put_image(config, {lower.descriptor, upper.descriptor}));
    take(store().tag(name, image));
    return image;
  }

  base::Result<PushOutcome> push_image(const std::string& name) {
    const auto reference = take(parse_image_reference(name));
    return push(take(plan_push(store(), name, reference)), store(), options_);
  }

  std::unique_ptr<base::HttpClient> http_;
  fakes::FakeClock clock_;
  RegistryOptions options_;
};

}  // namespace ecr
