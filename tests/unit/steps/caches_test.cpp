#include "steps/caches.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "steps/cache_archive.h"

namespace steps {
namespace {

class CachesTest : public ::testing::Test {
 protected:
  CachesTest() : store_(*BlobStore::open(folder_.path())) {}

  ResultsAccess on(const std::string& ref, std::vector<std::string> scopes = {}) {
    ResultsAccess access{.store = store_.get(), .run_id = 1, .job = "test", .repository = "octo/repo"};
    access.cache_scope = ref;
    access.cache_scopes = {ref};
    access.cache_scopes.insert(access.cache_scopes.end(), scopes.begin(), scopes.end());
    return access;
  }
  void save(const ResultsAccess& access, const std::string& key, const std::string& content = "x") {
    auto draft = begin_cache(access, key, "v");
    ASSERT_TRUE(draft.ok()) << draft.error().to_string();
    ASSERT_TRUE(draft->write(content));
    ASSERT_TRUE(finish_cache(access, std::move(*draft)).ok());
  }
  static std::string found(const ResultsAccess& access, const std::string& key,
                           const std::vector<std::string>& restore_keys = {},
                           const std::string& version = "v") {
    const auto cache = find_cache(access, key, restore_keys, version);
    return cache ? cache->scope + " " + cache->key : "";
  }
  void used_before(const std::string& key, double seconds) {
    const auto at = static_cast<time_t>(base::to_epoch_seconds(base::system_clock().now()) - seconds);
    const timespec times[2] = {{at, 0}, {at, 0}};
    for (const auto& cache : list_caches(*store_, "octo/repo")) {
      if (cache.key != key) continue;
      const auto file = folder_.path() / cache_shelf("octo/repo") / (std::to_string(cache.blob.id) + ".json");
      ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    }
  }
  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    for (const auto& cache : list_caches(*store_, "octo/repo")) keys.push_back(cache.key);
    return keys;
  }

  base::TempDir folder_ = std::move(*base::TempDir::create("caches"));
  std::shared_ptr<BlobStore> store_;
};

const char* const kMain = "refs/heads/main";
const char* const kTopic = "refs/heads/topic";

TEST_F(CachesTest, FindsTheKeyThenItsBeginningThenRestoreKeysNewestFirst) {
  const auto main = on(kMain);
  save(main, "linux-1-a");
  save(main, "linux-1");
  save(main, "linux-2");
  save(main, "other-1");
  save(main, "other-2");
  EXPECT_EQ(found(main, "linux-1"), "refs/heads/main linux-1");
  EXPECT_EQ(found(main, "linux-1-"), "refs/heads/main linux-1-a");
  EXPECT_EQ(found(main, "linux-"), "refs/heads/main linux-2");
  EXPECT_EQ(found(main, "none", {"nor this", "other-", "linux-"}), "refs/heads/main other-2");
  EXPECT_EQ(found(main, "none", {"nor this"}), "");
  EXPECT_EQ(found(main, "linux-1", {}, "another version"), "");
}

TEST_F(CachesTest, LooksInTheOwnScopeBeforeOthersAndNowhereElse) {
  save(on(kMain), "k-1");
  save(on(kMain), "k-2");
  const auto topic = on(kTopic, {kMain});
  EXPECT_EQ(found(topic, "k-1"), "refs/heads/main k-1");
  save(topic, "k-0");
  // A beginning in the own scope goes before the exact key in another.
  EXPECT_EQ(found(topic, "k-1", {"k-"}), "refs/heads/topic k-0");
  EXPECT_EQ(found(on(kMain), "k-0"), "");
  EXPECT_EQ(found(on("refs/pull/7/merge", {kMain}), "k-0", {"k-"}), "refs/heads/main k-2");
}

TEST_F(CachesTest, AreImmutablePerKeyVersionAndScope) {
  save(on(kMain), "k");
  const auto again = begin_cache(on(kMain), "k", "v");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, kBlobExists);
  EXPECT_TRUE(begin_cache(on(kMain), "k", "another").ok());
  EXPECT_TRUE(begin_cache(on(kTopic), "k", "v").ok());
}

TEST_F(CachesTest, OfOtherRepositoriesAreNotSeen) {
  save(on(kMain), "k");
  auto other = on(kMain);
  other.repository = "octo/another";
  EXPECT_EQ(found(other, "k"), "");
}

TEST_F(CachesTest, KeysHaveNoCommasAndAtMost512Characters) {
  EXPECT_TRUE(check_cache_key(std::string(512, 'k')));
  EXPECT_FALSE(check_cache_key(std::string(513, 'k')));
  std::string wide;
  for (int i = 0; i < 512; ++i) wide += "\xC3\xA9";
  EXPECT_TRUE(check_cache_key(wide));
  EXPECT_FALSE(check_cache_key("a,b"));
  EXPECT_FALSE(begin_cache(on(kMain), "", "v").ok());
}

TEST_F(CachesTest, GoAWeekAfterTheirLastUse) {
  save(on(kMain), "old");
  save(on(kMain), "used");
  used_before("old", 8 * 86400);
  used_before("used", 6 * 86400);
  ASSERT_TRUE(evict_caches(*store_, "octo/repo"));
  EXPECT_THAT(keys(), ::testing::ElementsAre("used"));
}

TEST_F(CachesTest, ThoseUsedLongestAgoGoWhenThereIsTooMuch) {
  for (const char* key : {"a", "b", "c"}) save(on(kMain), key, std::string(100, 'x'));
  used_before("a", 10);
  used_before("b", 30);
  used_before("c", 20);
  ASSERT_TRUE(evict_caches(*store_, "octo/repo", 250));
  EXPECT_THAT(keys(), ::testing::ElementsAre("a", "c"));
  EXPECT_EQ(found(on(kMain), "c"), "refs/heads/main c");  // which uses it
  ASSERT_TRUE(evict_caches(*store_, "octo/repo", 150));
  EXPECT_THAT(keys(), ::testing::ElementsAre("c"));
}

TEST_F(CachesTest, VersionsAreTheToolkits) {
  // crypto.createHash('sha256').update('node_modules|~/.npm|zstd-without-long|1.0')
  EXPECT_EQ(cache_version({"node_modules", "~/.npm"}),
            base::sha256_hex("node_modules|~/.npm|zstd-without-long|1.0"));
}

TEST(LinesOfInput, AreTrimmedAndExclamationMarksDrawnNear) {
  EXPECT_THAT(lines_of_input(" a \n\n!  b\n\t!c\n"), ::testing::ElementsAre("a", "!b", "!c"));
}

}  // namespace
}  // namespace steps
