#include "steps/blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

namespace steps {
namespace {

class BlobStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<BlobStore> open() {
    auto store = BlobStore::open(folder_.path() / "store");
    EXPECT_TRUE(store.ok());
    return *store;
  }
  static StoredBlob keep(BlobStore& store, const std::string& identity, const std::string& content) {
    auto draft = store.begin("artifacts/1", identity);
    EXPECT_TRUE(draft.ok());
    EXPECT_TRUE(draft->write(content));
    auto blob = store.finish(std::move(*draft));
    EXPECT_TRUE(blob.ok());
    return std::move(blob).value_or({});
  }
  std::size_t drafts() {
    return base::list_directory(folder_.path() / "store/drafts").value_or(std::vector<std::string>()).size();
  }

  base::TempDir folder_ = std::move(*base::TempDir::create("blob-store"));
};

TEST_F(BlobStoreTest, KeepsContentAndWordsForTheNextProcess) {
  const auto store = open();
  auto draft = store->begin("artifacts/1", "one");
  ASSERT_TRUE(draft.ok());
  draft->labels["colour"] = "green";
  ASSERT_TRUE(draft->write("hello "));
  ASSERT_TRUE(draft->write("world"));
  const auto kept = store->finish(std::move(*draft));
  ASSERT_TRUE(kept.ok());
  const auto again = open()->list("artifacts/1");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].id, kept->id);
  EXPECT_EQ(again[0].identity, "one");
  EXPECT_EQ(again[0].labels.at("colour"), "green");
  EXPECT_EQ(again[0].size, 11U);
  EXPECT_EQ(again[0].sha256, base::sha256_hex("hello world"));
  auto content = store->open_content("artifacts/1", kept->id);
  ASSERT_TRUE(content.ok());
  EXPECT_EQ(base::read_all(content->get()).value_or(""), "hello world");
}

TEST_F(BlobStoreTest, TakesAnIdentityOnceWhetherFinishedOrNot) {
  const auto store = open();
  {
    auto draft = store->begin("artifacts/1", "one");
    ASSERT_TRUE(draft.ok());
    const auto second = open()->begin("artifacts/1", "one");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, kBlobExists);
    EXPECT_TRUE(store->begin("artifacts/2", "one").ok());
  }
  EXPECT_TRUE(store->begin("artifacts/1", "one").ok());  // the first was given up
  keep(*store, "one", "x");
  const auto third = store->begin("artifacts/1", "one");
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code, kBlobExists);
}

TEST_F(BlobStoreTest, NeverGivesAnIdTwice) {
  const auto store = open();
  const auto first = keep(*store, "one", "x");
  ASSERT_TRUE(store->remove("artifacts/1", first.id));
  EXPECT_TRUE(store->list("artifacts/1").empty());
  EXPECT_GT(keep(*open(), "one", "x").id, first.id);
}

TEST_F(BlobStoreTest, RefusesContentWithAnotherDigest) {
  const auto store = open();
  auto draft = store->begin("artifacts/1", "one");
  ASSERT_TRUE(draft.ok());
  ASSERT_TRUE(draft->write("x"));
  EXPECT_FALSE(store->finish(std::move(*draft), base::sha256_hex("y")).ok());
  EXPECT_TRUE(store->list("artifacts/1").empty());
  EXPECT_EQ(drafts(), 0U);
}

TEST_F(BlobStoreTest, DigestsWhatWasWrittenOutOfOrder) {
  const auto store = open();
  auto draft = store->begin("artifacts/1", "one");
  ASSERT_TRUE(draft.ok());
  ASSERT_TRUE(draft->write_at(3, "def"));
  ASSERT_TRUE(draft->write_at(0, "abc"));
  const auto kept = store->finish(std::move(*draft), base::sha256_hex("abcdef"));
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->size, 6U);
}

TEST_F(BlobStoreTest, LeavesOutWhatHasExpiredAndRemovesIt) {
  const auto store = open();
  auto draft = store->begin("artifacts/1", "one");
  ASSERT_TRUE(draft.ok());
  draft->expires = base::to_epoch_seconds(base::system_clock().now()) - 1;
  ASSERT_TRUE(store->finish(std::move(*draft)).ok());
  EXPECT_TRUE(store->list("artifacts/1").empty());
  ASSERT_TRUE(store->remove_expired());
  EXPECT_FALSE(base::exists(folder_.path() / "store/artifacts/1"));
}

TEST_F(BlobStoreTest, CleansUpAfterAProcessThatWasKilled) {
  { const auto made = open(); }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = BlobStore::open(folder_.path() / "store");
    auto draft = (*store)->begin("artifacts/1", "one");
    (void)draft->write("half").ok();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(drafts(), 1U);
  const auto store = open();
  EXPECT_EQ(drafts(), 0U);
  keep(*store, "one", "whole");
}

TEST_F(BlobStoreTest, TakesContentWithoutARecordForNothing) {
  const auto store = open();
  keep(*store, "one", "x");
  const auto shelf = folder_.path() / "store/artifacts/1";
  ASSERT_TRUE(base::write_file(shelf / "77.blob", "left by one who was killed"));
  ASSERT_TRUE(base::write_file(shelf / "78.json", "not even JSON"));
  EXPECT_EQ(store->list("artifacts/1").size(), 1U);
  keep(*store, "two", "y");
  EXPECT_FALSE(base::exists(shelf / "77.blob"));
}

}  // namespace
}  // namespace steps
