#include "ecr/image_store.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/json.h"
#include "base/process.h"
#include "ecr/image_archive.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ImageStoreTest : public ImagesTest {
 protected:
  /// An image of one layer with one file.
  Descriptor put_image(const std::string& content) {
    take(base::remove_tree(folder() / "tree"));
    take(base::make_directories(folder() / "tree"));
    take(base::write_file(folder() / "tree/file", content));
    const auto layer = take(write_layer(folder() / "tree", {}, store()));
    ImageConfig config{.platform = host_platform()};
    config.diff_ids = {layer.diff_id};
    return take(store().put_image(config, {layer.descriptor}));
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& image : take(store().list())) names.push_back(image.name);
    return names;
  }
};

TEST_F(ImageStoreTest, FindsAnImageByEachOfItsNames) {
  const auto image = put_image("x");
  take(store().tag("app:1", image));
  const auto id = take(store().image(image)).manifest.config.digest;
  for (const std::string& name :
       {std::string("app:1"), std::string("docker.io/library/app:1"), image.digest.to_string(),
        "app@" + image.digest.to_string(), id.to_string(), id.hex().substr(0, 12)}) {
    const auto found = store().resolve(name);
    ASSERT_TRUE(found.ok()) << name << ": " << found.error().to_string();
    EXPECT_EQ(found->digest, image.digest) << name;
  }
  const auto missing = store().resolve("app:2");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("docker.io/library/app:2"));
}

TEST_F(ImageStoreTest, MovesANameToTheNewImage) {
  take(store().tag("app", put_image("old")));
  const auto image = put_image("new");
  take(store().tag("app", image));
  EXPECT_THAT(names(), ElementsAre("docker.io/library/app:latest"));
  EXPECT_EQ(take(store().resolve("app")).digest, image.digest);
}

TEST_F(ImageStoreTest, ForgetsANameAndByIdAllOfThem) {
  const auto image = put_image("x");
  for (const char* name : {"a", "b", "c"}) take(store().tag(name, image));
  take(store().remove("a"));
  EXPECT_THAT(names(), ElementsAre("docker.io/library/b:latest", "docker.io/library/c:latest"));
  take(store().remove(take(store().image(image)).manifest.config.digest.hex()));
  EXPECT_THAT(names(), ElementsAre());
  EXPECT_EQ(store().remove("a").error().kind, base::ErrorKind::not_found);
}

TEST_F(ImageStoreTest, LosesNoNameWhenManyWriteAtATime) {
  const auto image = put_image("x");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      auto own = ImageStore::open(folder() / "store");
      if (own) (void)own->tag("app:" + std::to_string(i), image);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(names().size(), 8U);
}

TEST_F(ImageStoreTest, IsAnImageLayoutThatSkopeoReads) {
  ASSERT_TRUE(base::find_program("skopeo")) << "skopeo is not installed";
  const auto image = put_image("x");
  take(store().tag("registry.test/app:1", image));
  const auto inspected = take(base::run_process(
      {.argv = {"skopeo", "inspect", "oci:" + store().folder().string() + ":registry.test/app:1"}}));
  ASSERT_EQ(inspected.exit_code, 0) << inspected.output;
  EXPECT_EQ(base::json_string(take(base::parse_json(inspected.output)), "Digest"), image.digest.to_string());
}

TEST_F(ImageStoreTest, KeepsNothingOfABlobThatIsNotWhatItShouldBe) {
  auto writer = take(store().start_blob());
  take(writer.write("hello"));
  const auto other = Digest::of("other");
  const auto committed = writer.commit(other);
  ASSERT_FALSE(committed.ok());
  EXPECT_THAT(committed.error().message, HasSubstr(other.to_string()));
  EXPECT_FALSE(store().has_blob(other));
  EXPECT_FALSE(store().has_blob(Digest::of("hello")));
}

TEST_F(ImageStoreTest, SaysWhereThereWasNoRoom) {
  auto writer = take(store().start_blob());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto written = writer.write(std::string(100'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.error().to_string(),
              HasSubstr("while writing into the image store " + folder().string()));
}

TEST_F(ImageStoreTest, BelievesADigestThatTheWriterHasFromElsewhere) {
  auto writer = take(store().start_blob(BlobDigest::given));
  take(writer.write("content"));
  EXPECT_FALSE(writer.commit().ok());
  take(writer.commit(Digest::of("content")));
  EXPECT_EQ(take(store().read_blob(Digest::of("content"))), "content");
}

TEST_F(ImageStoreTest, TidiesUpAfterAProcessThatWasKilled) {
  const auto path = folder() / "store";
  base::Pipe ready = take(base::make_pipe());
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    auto own = ImageStore::open(path);
    auto blob = own->start_blob();
    (void)blob->write("unfinished");
    auto room = own->make_temp_dir("room");
    (void)base::write_all(ready.write.get(), "x");
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready.read.get(), &byte, 1), 1);
  const auto rooms = [&] { return take(base::list_directory(path / "work")).size(); };
  EXPECT_EQ(rooms(), 4U) << "two stores, each with a folder and its lock";
  {
    const auto third = take(ImageStore::open(path));
    EXPECT_EQ(rooms(), 6U) << "work of a living process was taken away";
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto last = take(ImageStore::open(path));
  EXPECT_EQ(rooms(), 4U);
}

TEST_F(ImageStoreTest, UnpacksALayerOnceAndForAll) {
  const auto image = take(store().image(put_image("x")));
  const auto first = take(store().unpack(image.manifest));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(take(base::read_file(first[0] / "file")), "x");
  struct stat before {};
  struct stat after {};
  ::stat(first[0].c_str(), &before);
  EXPECT_EQ(take(store().unpack(image.manifest)), first);
  ::stat(first[0].c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(ImageStoreTest, CollectsNothingThatWasUsedTodayOrHasAName) {
  take(store().tag("kept", put_image("kept")));
  const auto loose = put_image("loose");
  EXPECT_EQ(take(store().collect_garbage()).blobs, 0U);
  EXPECT_TRUE(store().has_blob(loose.digest));
}

class ImageArchiveTest : public ImageStoreTest {};

TEST_F(ImageArchiveTest, SavesAndLoadsAnImage) {
  const auto image = put_image("x");
  take(store().tag("registry.test/app:1", image));
  const auto archive = folder() / "image.tar";
  take(save_images(store(), {"registry.test/app:1"}, archive));
  auto other = take(ImageStore::open(folder() / "other"));
  EXPECT_THAT(take(load_image(other, archive)), ElementsAre("registry.test/app:1"));
  EXPECT_EQ(take(other.resolve("registry.test/app:1")).digest, image.digest);
  EXPECT_EQ(take(base::read_file(take(other.unpack(take(other.image(image)).manifest))[0] / "file")), "x");
}

TEST_F(ImageArchiveTest, ExchangesArchivesWithSkopeo) {
  ASSERT_TRUE(base::find_program("skopeo")) << "skopeo is not installed";
  take(store().tag("registry.test/app:1", put_image("x")));
  const auto oci = (folder() / "oci.tar").string();
  const auto docker = (folder() / "docker.tar").string();
  take(save_images(store(), {"registry.test/app:1"}, oci));
  const auto copied =
      take(base::run_process({.argv = {"skopeo", "copy", "oci-archive:" + oci,
                                       "docker-archive:" + docker + ":registry.test/app:2"}}));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  auto other = take(ImageStore::open(folder() / "other"));
  EXPECT_THAT(take(load_image(other, docker)), ElementsAre("registry.test/app:2"));
  const auto image = take(other.image("registry.test/app:2"));
  EXPECT_EQ(take(base::read_file(take(other.unpack(image.manifest))[0] / "file")), "x");
}

TEST_F(ImageArchiveTest, ImportsARootFileSystem) {
  const auto tar = write("root.tar", make_tar({tar_folder("etc"), tar_file("etc/name", "here")}));
  const auto image = take(import_rootfs_tar(
      store(), tar, "base:1", {.env = {"PATH=/bin"}, .cmd = {{"bash"}}, .labels = {{"a", "b"}}}));
  const auto found = take(store().image("base:1"));
  EXPECT_EQ(found.descriptor.digest, image.digest);
  EXPECT_EQ(found.config.env_value("PATH"), "/bin");
  EXPECT_THAT(*found.config.cmd, ElementsAre("bash"));
  EXPECT_EQ(found.config.labels.at("a"), "b");
  EXPECT_EQ(take(base::read_file(take(store().unpack(found.manifest))[0] / "etc/name")), "here");
}

TEST_F(ImageArchiveTest, LoadsALayoutThatTarWroteFromItsFolder) {
  take(store().tag("registry.test/app:1", put_image("x")));
  const auto archive = folder() / "image.tar";
  take(save_images(store(), {"registry.test/app:1"}, archive));
  const auto packed = take(base::run_process(
      {.argv = {"sh", "-c", "mkdir layout && tar -xf image.tar -C layout && tar -cf again.tar -C layout ."},
       .directory = folder()}));
  ASSERT_EQ(packed.exit_code, 0) << packed.output;
  auto other = take(ImageStore::open(folder() / "other"));
  EXPECT_THAT(take(load_image(other, folder() / "again.tar")), ElementsAre("registry.test/app:1"));
}

TEST_F(ImageArchiveTest, RefusesWhatIsNoArchive) {
  EXPECT_THAT(import_rootfs_tar(store(), write("no.tar", "hello"), "a").error().message,
              HasSubstr("is no tar archive"));
  EXPECT_THAT(load_image(store(), write("no2.tar", make_tar({tar_file("a", "b")}))).error().message,
              HasSubstr("neither index.json (OCI) nor manifest.json"));
  EXPECT_FALSE(load_image(store(), folder() / "absent.tar").ok());
  // A blob that is not what its name says.
  const auto lie =
      make_tar({tar_file("blobs/sha256/" + std::string(64, 'a'), "x"), tar_file("index.json", "{}")});
  EXPECT_THAT(load_image(store(), write("lie.tar", lie)).error().to_string(),
              HasSubstr("has the content of"));
}

TEST_F(ImageArchiveTest, SaysWhichPartOfAnArchiveIsNotAsItShouldBe) {
  const auto layer = make_tar({tar_file("a", "x")});
  const auto config = [](const std::string& diff_id) {
    return R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[")" + diff_id +
           "\"]}}";
  };
  const auto right = Digest::of(layer).to_string();
  const auto wrong = Digest::of("other").to_string();
  const auto refused = [&](const std::string& manifest, const std::string& configuration) {
    const auto tar = make_tar({tar_file("manifest.json", manifest), tar_file("c.json", configuration),
                               tar_file("l/layer.tar", layer)});
    const auto loaded = load_image(store(), write("image.tar", tar));
    return loaded.ok() ? "was loaded" : loaded.error().to_string();
  };
  const std::string manifest = R"([{"Config":"c.json","RepoTags":["app:1"],"Layers":["l/layer.tar"]}])";
  EXPECT_EQ(refused(manifest, config(right)), "was loaded");
  EXPECT_THAT(refused(manifest, config(wrong)),
              AllOf(HasSubstr("layer 1 of 1 has the content of " + right), HasSubstr("says " + wrong)));
  EXPECT_THAT(refused(manifest, "{"), HasSubstr("while reading c.json"));
  EXPECT_THAT(refused("[", config(right)), HasSubstr("while reading manifest.json"));
  EXPECT_THAT(refused("{}", config(right)), HasSubstr("expected a list of images"));
  EXPECT_THAT(refused(R"([{"Config":"c.json","Layers":[]}])", config(right)),
              HasSubstr("names 0 layers, the image's configuration 1"));
  EXPECT_THAT(refused(R"([{"Config":"c.json","Layers":["other"]}])", config(right)),
              AllOf(HasSubstr("the archive lacks other"), HasSubstr("image.tar")));
}

TEST_F(ImageArchiveTest, NamesTheBlobThatALayoutLacks) {
  const auto digest = Digest::of("absent").to_string();
  const auto index =
      R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("size":6,"digest":")" +
      digest + "\"}]}";
  const auto loaded = load_image(store(), write("image.tar", make_tar({tar_file("index.json", index)})));
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr("the archive lacks the blob " + digest));
}

}  // namespace
}  // namespace ecr
