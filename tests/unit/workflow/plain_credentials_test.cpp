#include <gtest/gtest.h>

#include "lint_fixture.h"

namespace workflow::lint {
namespace {

TEST(PlainCredentials, AreFoundInContainersAndServices) {
  EXPECT_EQ(lines_of("plain-credentials", R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container:
      image: private
      credentials:
        username: me
        password: open-sesame
    services:
      database:
        image: private
        credentials:
          username: me
          password: open-sesame
    steps:
      - run: echo
)"),
            (std::vector<int>{9, 15}));
}

TEST(PlainCredentials, MayBeSecrets) {
  EXPECT_EQ(lines_of("plain-credentials", R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    container:
      image: private
      credentials:
        username: me
        password: ${{ secrets.PASSWORD }}
    services: {cache: {image: public}, other: public}
    steps:
      - run: echo
)"),
            (std::vector<int>{}));
}

}  // namespace
}  // namespace workflow::lint
