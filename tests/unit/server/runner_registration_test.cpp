#include "server/runner_registration.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace {

TEST(RunnerRegistrationTest, IsKeptForItsOwnerAlone) {
  const auto folder = base::TempDir::create("registration");
  ASSERT_TRUE(folder);
  const server::RunnerRegistration registration{
      .instance = "https://git.example.org",
      .runner = {.id = 3, .uuid = "u", .token = "t", .name = "box", .ephemeral = true},
      .labels = {{"ubuntu-latest", ""}, {"deb", "debian:12"}}};
  ASSERT_TRUE(server::store_registration(folder->path() / "state", registration));
  const auto file = server::registration_file(folder->path() / "state");
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto loaded = server::load_registration(folder->path() / "state");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->instance, registration.instance);
  EXPECT_EQ(loaded->runner.token, "t");
  EXPECT_TRUE(loaded->runner.ephemeral);
  EXPECT_EQ(loaded->labels, registration.labels);
}

TEST(RunnerRegistrationTest, SaysWhatToDoWithoutOneOrWithADamagedOne) {
  const auto folder = base::TempDir::create("registration");
  ASSERT_TRUE(folder);
  const auto none = server::load_registration(folder->path());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, testing::HasSubstr("pipeline runner register"));
  ASSERT_TRUE(base::write_file(server::registration_file(folder->path()), R"({"instance":"https://a"})"));
  const auto damaged = server::load_registration(folder->path());
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message, testing::HasSubstr("register the runner anew"));
}

}  // namespace
