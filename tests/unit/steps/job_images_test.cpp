#include "steps/job_images.h"

#include <gtest/gtest.h>

namespace steps {
namespace {

using workflow::expression::Object;
using workflow::expression::Value;

Value github_with(const char* token) {
  Object github;
  github.set("actor", Value("octocat"));
  github.set("token", Value(token));
  return Value(std::move(github));
}

TEST(LoginOfToken, IsTheJobsForGithubsOwnRegistriesOnly) {
  const auto github = github_with("ghs_token");
  for (const char* image : {"ghcr.io/octo/app:1", "containers.pkg.github.com/octo/app/image:1"}) {
    const auto login = login_of_token(image, github);
    ASSERT_TRUE(login) << image;
    EXPECT_EQ(login->username, "octocat");
    EXPECT_EQ(login->password, "ghs_token");
  }
  for (const char* image :
       {"alpine", "docker.io/ghcr.io/app", "ghcr.io.example.com/octo/app", "quay.io/ghcr.io/x", "?"})
    EXPECT_FALSE(login_of_token(image, github)) << image;
  EXPECT_FALSE(login_of_token("ghcr.io/octo/app:1", github_with("")));
}

}  // namespace
}  // namespace steps
