#include "server/secret_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace {

using server::SecretScope;
using server::SecretStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const SecretScope kOwner{.owner = "octo"};
const SecretScope kRepository{.owner = "octo", .repository = "app"};
const SecretScope kProduction{.owner = "octo", .repository = "app", .environment = "production"};

base::Result<std::string> no_reference(const std::string& reference) {
  return base::make_error(base::ErrorKind::remote, "nobody resolves " + reference);
}

class SecretStoreTest : public testing::Test {
 protected:
  SecretStoreTest()
      : folder_(base::TempDir::create("secrets").value()),
        store_(SecretStore::open(folder_.path(), key_).value()) {}

  std::map<std::string, std::string> secrets_for(const SecretScope& scope) {
    return store_.secrets_for(scope, "run 1", no_reference).value_or({{"error", ""}});
  }

  base::TempDir folder_;
  server::MasterKey key_ = server::MasterKey::generate();  // before the store, which refers to it
  SecretStore store_;
};

TEST_F(SecretStoreTest, GivesAJobItsEnvironmentsBeforeItsRepositorysBeforeItsOwners) {
  ASSERT_TRUE(store_.set_secret(kOwner, "A", "owner", "me"));
  ASSERT_TRUE(store_.set_secret(kOwner, "B", "owner", "me"));
  ASSERT_TRUE(store_.set_secret(kRepository, "B", "repository", "me"));
  ASSERT_TRUE(store_.set_secret(kRepository, "C", "repository", "me"));
  ASSERT_TRUE(store_.set_secret(kProduction, "C", "production", "me"));
  EXPECT_THAT(secrets_for(kProduction),
              ElementsAre(Pair("A", "owner"), Pair("B", "repository"), Pair("C", "production")));
  EXPECT_THAT(secrets_for(kRepository),
              ElementsAre(Pair("A", "owner"), Pair("B", "repository"), Pair("C", "repository")));
  EXPECT_THAT(secrets_for({.owner = "octo", .repository = "other"}),
              ElementsAre(Pair("A", "owner"), Pair("B", "owner")));
  EXPECT_THAT(secrets_for({.owner = "somebody", .repository = "app"}), ElementsAre());
}

TEST_F(SecretStoreTest, KeepsNoSecretInTheOpenAndItsFilesToItself) {
  ASSERT_TRUE(store_.set_secret(kRepository, "PASSWORD", "correct horse battery", "me"));
  const auto names = base::list_directory(folder_.path()).value();
  for (const auto& name : names) {
    EXPECT_THAT(base::read_file(folder_.path() / name).value_or(""), Not(HasSubstr("correct horse"))) << name;
    struct stat status {};
    ASSERT_EQ(::stat((folder_.path() / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0077U, 0U) << name;
  }
}

TEST_F(SecretStoreTest, NamesAreWithoutCaseAndChecked) {
  ASSERT_TRUE(store_.set_secret({.owner = "Octo", .repository = "App"}, "token", "x", "me"));
  EXPECT_THAT(secrets_for(kRepository), ElementsAre(Pair("TOKEN", "x")));
  for (const auto* name : {"", "1A", "A-B", "A B", "github_token", "A/B"})
    EXPECT_FALSE(store_.set_secret(kRepository, name, "x", "me")) << name;
  EXPECT_FALSE(store_.set_secret({.owner = "octo", .environment = "production"}, "A", "x", "me"));
  EXPECT_FALSE(store_.set_secret({.owner = "octo", .repository = "a:b"}, "A", "x", "me"));
  EXPECT_FALSE(store_.set_secret(kRepository, "A", std::string((48U << 10) + 1, 'x'), "me"));
}

TEST_F(SecretStoreTest, WritesDownWhoSetReadAndRemovedWhat) {
  ASSERT_TRUE(store_.set_secret(kRepository, "A", "1", "alice"));
  ASSERT_TRUE(store_.set_secret(kRepository, "A", "2", "bob"));
  EXPECT_THAT(secrets_for(kProduction), ElementsAre(Pair("A", "2")));
  ASSERT_TRUE(store_.remove_secret(kRepository, "a", "carol"));
  EXPECT_EQ(store_.remove_secret(kRepository, "A", "carol").error().kind, base::ErrorKind::not_found);
  std::vector<std::string> lines;
  const auto audit = store_.audit(10).value();
  for (const auto& line : audit)
    lines.push_back(line.who + " " + line.what + " " + line.scope + " " + line.name);
  EXPECT_THAT(lines, ElementsAre("carol removed octo/app A", "run 1 read octo/app A", "bob set octo/app A",
                                 "alice set octo/app A"));
}

TEST_F(SecretStoreTest, ASecretThatWasPutInThePlaceOfAnotherDoesNotOpen) {
  ASSERT_TRUE(store_.set_secret(kRepository, "LOW", "low", "me"));
  ASSERT_TRUE(store_.set_secret(kProduction, "HIGH", "high", "me"));
  auto database = runner::Sqlite::open(folder_.path() / "secrets.db", "", "the secrets");
  ASSERT_TRUE(database);
  ASSERT_TRUE(
      database->run("moving a secret",
                    "UPDATE secrets SET (wrapped_key, sealed) = (SELECT wrapped_key, sealed FROM secrets "
                    "WHERE name = 'HIGH') WHERE name = 'LOW'"));
  const auto read = store_.secrets_for(kRepository, "run 1", no_reference);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().to_string(), HasSubstr("moved from another place"));
}

TEST_F(SecretStoreTest, AsksForReferencesWhenTheyAreReadAndNamesThemWhenTheyFail) {
  ASSERT_TRUE(store_.refer_to(kRepository, "A", "ssm:/app/password", "me"));
  EXPECT_FALSE(store_.refer_to(kRepository, "B", "https://vault", "me"));
  const auto read = store_.secrets_for(
      kRepository, "run 1",
      [](const std::string& reference) -> base::Result<std::string> { return "value of " + reference; });
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, ElementsAre(Pair("A", "value of ssm:/app/password")));
  EXPECT_THAT(store_.secrets_for(kRepository, "run 1", no_reference).error().to_string(),
              HasSubstr("the secret A of octo/app"));
}

TEST_F(SecretStoreTest, TakesAnotherMasterKeyForAllSecretsOrForNone) {
  ASSERT_TRUE(store_.set_secret(kRepository, "A", "1", "me"));
  ASSERT_TRUE(store_.set_secret(kProduction, "B", "2", "me"));
  const auto next = server::MasterKey::generate();
  EXPECT_EQ(store_.rewrap_all(next, "me").value_or(0), 2);
  EXPECT_THAT(secrets_for(kProduction), ElementsAre(Pair("A", "1"), Pair("B", "2")));
  auto with_old = SecretStore::open(folder_.path(), key_);
  ASSERT_TRUE(with_old);
  EXPECT_FALSE(with_old->secrets_for(kRepository, "run 1", no_reference));
  EXPECT_FALSE(with_old->rewrap_all(server::MasterKey::generate(), "me"));
  EXPECT_THAT(secrets_for(kProduction), ElementsAre(Pair("A", "1"), Pair("B", "2")));
}

TEST_F(SecretStoreTest, VariablesAreMergedAsSecretsAre) {
  ASSERT_TRUE(store_.set_variable(kOwner, "PLACE", "Ulm"));
  ASSERT_TRUE(store_.set_variable(kProduction, "place", "Bonn"));
  EXPECT_THAT(store_.variables_for(kRepository).value_or({}), ElementsAre(Pair("PLACE", "Ulm")));
  EXPECT_THAT(store_.variables_for(kProduction).value_or({}), ElementsAre(Pair("PLACE", "Bonn")));
  ASSERT_TRUE(store_.remove_variable(kOwner, "PLACE"));
  EXPECT_FALSE(store_.remove_variable(kOwner, "PLACE"));
  EXPECT_EQ(store_.list_variables()->size(), 1U);
}

}  // namespace
