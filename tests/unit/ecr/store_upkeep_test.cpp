// The store looked after: what is damaged is told, what nobody needs goes, what somebody uses stays.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "ecr/build_layer.h"
#include "ecr/image_store.h"
#include "ecr/store_check.h"
#include "ecr/unpack_image.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StoreUpkeepTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.emplace(take(base::TempDir::create("store-test")));
    reopen();
  }
  /// As another process would find it: what was used before is not in use any more.
  void reopen() {
    store_.reset();
    store_.emplace(take(ImageStore::open(folder_->path() / "store")));
  }
  ImageStore& store() { return *store_; }
  base::Path folder() const { return folder_->path(); }

  Descriptor put_image(const std::string& content, Platform platform = host_platform()) {
    take(base::remove_tree(folder() / "tree"));
    take(base::make_directories(folder() / "tree"));
    take(base::write_file(folder() / "tree/file", content));
    const auto layer = take(write_layer(folder() / "tree", {}, store()));
    ImageConfig config{.platform = std::move(platform)};
    config.diff_ids = {layer.diff_id};
    return take(store().put_image(config, {layer.descriptor}));
  }
  Digest layer_of(const Descriptor& image) { return take(store().image(image)).manifest.layers[0].digest; }
  bool is_there(const Digest& digest) { return base::exists(store().blob_path(digest)); }
  void damage(const Digest& digest) {
    const base::Fd fd(::open(store().blob_path(digest).c_str(), O_WRONLY));
    ASSERT_EQ(::pwrite(fd.get(), "X", 1, 30), 1);
  }

 private:
  std::optional<base::TempDir> folder_;
  std::optional<ImageStore> store_;
};

constexpr GarbageOptions kAll{.older_than = seconds(0)};

TEST_F(StoreUpkeepTest, RemovesWhatNoNameReachesAndNothingElse) {
  const auto kept = put_image("kept");
  take(store().tag("kept:1", kept));
  const auto kept_layer = layer_of(kept);
  const auto loose = put_image("loose");
  const auto loose_layer = layer_of(loose);
  take(store().unpack(take(store().image(loose)).manifest));
  take(store().unpack(take(store().image(kept)).manifest));
  reopen();
  auto look = kAll;
  look.only_look = true;
  EXPECT_EQ(take(store().collect_garbage(look)).blobs, 3U);
  EXPECT_TRUE(is_there(loose.digest));
  const auto garbage = take(store().collect_garbage(kAll));
  EXPECT_EQ(garbage.blobs, 3U);
  EXPECT_EQ(garbage.trees, 1U);
  EXPECT_GT(garbage.bytes, 0U);
  EXPECT_FALSE(is_there(loose.digest));
  EXPECT_FALSE(is_there(loose_layer));
  EXPECT_TRUE(is_there(kept.digest));
  EXPECT_TRUE(is_there(kept_layer));
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, IsEmpty());
}

TEST_F(StoreUpkeepTest, LeavesWhatAProcessThatRunsHasAskedFor) {
  const auto used = put_image("used");
  const auto unused = put_image("unused");
  reopen();
  base::Pipe ready = take(base::make_pipe());
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto own = ImageStore::open(folder() / "store");
    const bool there = own->has_blob(used.digest);
    (void)base::write_all(ready.write.get(), there ? "y" : "n");
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready.read.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  take(store().collect_garbage(kAll));
  EXPECT_TRUE(is_there(used.digest)) << "it was about to be named";
  EXPECT_FALSE(is_there(unused.digest));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  reopen();
  take(store().collect_garbage(kAll));
  EXPECT_FALSE(is_there(used.digest)) << "nobody runs any more";
}

TEST_F(StoreUpkeepTest, KeepsWhatTheBuildCacheNamesWhenAskedTo) {
  const auto image = put_image("cached");
  const auto layer = layer_of(image);
  take(store().write_record(
      "build", "key", R"({"layer":{"digest":")" + layer.to_string() + R"(","size":1,"mediaType":"x"}})"));
  reopen();
  auto keep = kAll;
  keep.keep_cache = true;
  take(store().collect_garbage(keep));
  EXPECT_TRUE(is_there(layer));
  EXPECT_FALSE(is_there(image.digest));
  take(store().collect_garbage(kAll));
  EXPECT_FALSE(is_there(layer));
  EXPECT_FALSE(store().read_record("build", "key")) << "a record of what is gone";
}

TEST_F(StoreUpkeepTest, ForgetsImagesWithoutANameWhenAskedTo) {
  const auto unnamed = put_image("unnamed");
  take(store().tag("", unnamed));
  take(store().tag("named:1", put_image("named")));
  reopen();
  take(store().collect_garbage(kAll));
  EXPECT_TRUE(is_there(unnamed.digest));
  auto drop = kAll;
  drop.drop_unnamed = true;
  EXPECT_THAT(take(store().collect_garbage(drop)).images, ElementsAre(unnamed));
  EXPECT_FALSE(is_there(unnamed.digest));
  EXPECT_EQ(take(store().list()).size(), 1U);
}

TEST_F(StoreUpkeepTest, FollowsAnIndexToAllItsImages) {
  const auto here = put_image("here");
  const auto there = put_image("there", {.architecture = "s390x"});
  const base::Json index = {{"schemaVersion", 2},
                            {"mediaType", media_type::kOciIndex},
                            {"manifests", {to_json(here), to_json(there)}}};
  const auto text = base::to_text(index);
  const auto digest = take(store().put_blob(text));
  take(store().tag("both:1", {.media_type = media_type::kOciIndex, .digest = digest, .size = text.size()}));
  reopen();
  take(store().collect_garbage(kAll));
  EXPECT_TRUE(is_there(layer_of(here)));
  EXPECT_TRUE(is_there(layer_of(there)));
  EXPECT_EQ(take(store().image("both:1")).descriptor.digest, here.digest) << "the one for this machine";
}

TEST_F(StoreUpkeepTest, TellsADamagedBlobAndTakesItAwayWhenAskedTo) {
  const auto image = put_image("content");
  take(store().tag("app:1", image));
  const auto layer = layer_of(image);
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, IsEmpty());
  damage(layer);
  const auto found = take(check_store(store(), Repair::none));
  EXPECT_THAT(found.problems, ElementsAre(HasSubstr("blob " + layer.hex() + ": its content has digest")));
  EXPECT_TRUE(is_there(layer));
  const auto repaired = take(check_store(store(), Repair::remove_damaged));
  EXPECT_THAT(repaired.repairs,
              ElementsAre("removed blob " + layer.hex(), "forgot the name docker.io/library/app:1"));
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, IsEmpty());
  EXPECT_FALSE(store().resolve("app:1").ok());
}

TEST_F(StoreUpkeepTest, TellsADamagedTreeAndMakesItAgainWhenAskedTo) {
  const auto image = put_image("content");
  take(store().tag("app:1", image));
  const auto manifest = take(store().image(image)).manifest;
  const auto tree = take(store().unpack(manifest))[0];
  const auto sound = take(check_store(store(), Repair::none));
  EXPECT_THAT(sound.problems, IsEmpty());
  EXPECT_EQ(sound.trees, 1U);
  // As long as before, so that only its bytes tell.
  take(base::write_file(tree / "file", "CONTENT"));
  take(base::write_file(tree / "more", ""));
  const auto named = "layer tree " + tree.filename().string();
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems,
              ElementsAre(named + ": /file: content; /more should not be there"));
  EXPECT_THAT(take(check_store(store(), Repair::remove_damaged)).repairs, ElementsAre("removed " + named));
  EXPECT_FALSE(base::exists(tree));
  EXPECT_EQ(take(store().unpack(manifest))[0], tree);
  EXPECT_EQ(take(base::read_file(tree / "file")), "content");
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, IsEmpty());
}

TEST_F(StoreUpkeepTest, TellsDamagedTreesOfImagesWithoutANameAndOfTheBuilder) {
  const auto image = put_image("content");
  const auto whole = take(store().image(image));
  const auto tree = take(store().unpack(whole.manifest))[0];
  EXPECT_EQ(take(check_store(store(), Repair::none)).trees, 1U);
  take(base::write_file(tree / "file", "CONTENT"));
  const auto problem = "layer tree " + tree.filename().string() + ": /file: content";
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, ElementsAre(problem));
  // No image any more, but the builder would take the layer.
  ::unlink(store().blob_path(image.digest).c_str());
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, IsEmpty());
  take(remember_layer(store(), "key", {{whole.manifest.layers[0], whole.config.diff_ids[0]}, ""}));
  EXPECT_THAT(take(check_store(store(), Repair::none)).problems, ElementsAre(problem));
}

TEST_F(StoreUpkeepTest, TellsWhatIsMissingAndWhatDoesNotBelong) {
  const auto image = put_image("content");
  take(store().tag("app:1", image));
  const auto layer = layer_of(image);
  ::unlink(store().blob_path(layer).c_str());
  take(base::write_file(store().folder() / "blobs/sha256/stray", "x"));
  const auto problems = take(check_store(store(), Repair::none)).problems;
  EXPECT_THAT(problems, Contains(HasSubstr("image docker.io/library/app:1: the blob " + layer.to_string() +
                                           " is missing")));
  EXPECT_THAT(problems, Contains(HasSubstr("blob stray: a file whose name is no digest")));
}

TEST_F(StoreUpkeepTest, NeverReadsADamagedDocument) {
  const auto image = put_image("content");
  damage(image.digest);
  const auto read = store().image(image);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().to_string(),
              HasSubstr(image.digest.to_string() + " of the image store is damaged"));
}

TEST_F(StoreUpkeepTest, UnpacksAnImageIntoAnEmptyFolderOnly) {
  const auto image = put_image("content");
  take(store().tag("app:1", image));
  take(unpack_image(store(), "app:1", folder() / "out", SpecialBits::drop));
  EXPECT_EQ(take(base::read_file(folder() / "out/file")), "content");
  const auto again = unpack_image(store(), "app:1", folder() / "out", SpecialBits::drop);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("name a new or an empty folder"));
}

TEST_F(StoreUpkeepTest, LeavesNothingOfAnImageThatCannotBeUnpacked) {
  auto image = take(store().image(put_image("content")));
  image.config.diff_ids[0] = Digest::of("something else");
  image.config.original.clear();
  take(store().tag("lie:1", take(store().put_image(image.config, image.manifest.layers))));
  const auto unpacked = unpack_image(store(), "lie:1", folder() / "out", SpecialBits::drop);
  ASSERT_FALSE(unpacked.ok());
  EXPECT_THAT(unpacked.error().message, HasSubstr("but the image's configuration says"));
  EXPECT_TRUE(take(base::list_directory(folder() / "out")).empty());
}

}  // namespace
}  // namespace ecr
