#include "server/master_key.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <optional>

namespace {

using server::MissingKey;
using testing::HasSubstr;

class MasterKeyTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.emplace(base::TempDir::create("master-key").value());
    ::unsetenv("CREDENTIALS_DIRECTORY");
    ::unsetenv("PIPELINE_MASTER_KEY");
  }
  void TearDown() override { SetUp(); }

  std::optional<base::TempDir> folder_;
};

TEST_F(MasterKeyTest, IsMadeOnlyWhereThatIsWanted) {
  const auto none = server::find_master_key(folder_->path(), MissingKey::is_error);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, base::ErrorKind::not_found);
  const auto made = server::find_master_key(folder_->path(), MissingKey::is_made);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->made);
  const auto again = server::find_master_key(folder_->path(), MissingKey::is_error);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key.id(), made->key.id());
  EXPECT_FALSE(again->made);
}

TEST_F(MasterKeyTest, ComesFromSystemdBeforeTheFileAndFromTheFileBeforeTheEnvironment) {
  const auto of_environment = server::MasterKey::generate();
  ::setenv("PIPELINE_MASTER_KEY", of_environment.to_text().c_str(), 1);
  EXPECT_EQ(server::find_master_key(folder_->path(), MissingKey::is_error)->key.id(), of_environment.id());
  const auto of_file = server::MasterKey::generate();
  ASSERT_TRUE(server::store_master_key(folder_->path(), of_file));
  EXPECT_EQ(server::find_master_key(folder_->path(), MissingKey::is_error)->key.id(), of_file.id());
  const auto of_systemd = server::MasterKey::generate();
  ASSERT_TRUE(server::store_master_key(folder_->path() / "credentials", of_systemd));
  ::setenv("CREDENTIALS_DIRECTORY", (folder_->path() / "credentials").c_str(), 1);
  EXPECT_EQ(server::find_master_key(folder_->path(), MissingKey::is_error)->key.id(), of_systemd.id());
}

TEST_F(MasterKeyTest, OfAFileThatOthersMayReadIsRefused) {
  ASSERT_TRUE(server::store_master_key(folder_->path(), server::MasterKey::generate()));
  ASSERT_EQ(::chmod(server::master_key_file(folder_->path()).c_str(), 0640), 0);
  const auto found = server::find_master_key(folder_->path(), MissingKey::is_made);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("has mode 0640"));
}

TEST_F(MasterKeyTest, ThatIsNoneIsNamedByItsPlaceAndNotByItsText) {
  ::setenv("PIPELINE_MASTER_KEY", "hunter2", 1);
  const auto found = server::find_master_key(folder_->path(), MissingKey::is_error);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().to_string(), HasSubstr("PIPELINE_MASTER_KEY"));
  EXPECT_THAT(found.error().to_string(), Not(HasSubstr("hunter2")));
}

}  // namespace
