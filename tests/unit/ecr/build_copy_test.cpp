#include "ecr/build_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <thread>

#include "ecr/source_digest.h"
#include "tests/unit/ecr/build_fixture.h"

namespace ecr {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class BuildCopyTest : public BuildTest {
 protected:
  /// The layer of one COPY or ADD into an empty image.
  std::vector<std::string> copied(const std::string& instruction, const Change& change = {}) {
    return last_layer(build("FROM scratch\n" + instruction + "\n", change));
  }
};

TEST_F(BuildCopyTest, CopiesAFolderWithItsModesAsRoot) {
  add("app/main.py", "print()", 0755);
  add("app/sub/data", "x", 0640);
  ::lchown((context() / "app/main.py").c_str(), 1234, 1234);
  std::filesystem::create_symlink("sub/data", context() / "app/link");
  EXPECT_THAT(copied("COPY app /srv/app"),
              ElementsAre("srv folder 755 0:0", "srv/app folder 755 0:0",
                          "srv/app/link link 777 0:0 sub/data", "srv/app/main.py file 755 0:0 \"print()\"",
                          "srv/app/sub folder 755 0:0", "srv/app/sub/data file 640 0:0 \"x\""));
}

struct Place {
  const char* instruction;
  std::vector<std::string> files;  ///< that the layer has, with their content
};

TEST_F(BuildCopyTest, PutsFilesWhereDockerWould) {
  add("one", "1");
  add("two.txt", "2");
  add("dir/three.txt", "3");
  add("dir/deep/four", "4");
  const std::vector<Place> places = {
      {"COPY one /x", {"x 1"}},
      {"COPY one /x/", {"x/one 1"}},
      {"COPY one .", {"one 1"}},
      {"WORKDIR /w\nCOPY one ./", {"w/one 1"}},
      {"WORKDIR /w\nCOPY one sub/", {"w/sub/one 1"}},
      {"COPY one two.txt /x/", {"x/one 1", "x/two.txt 2"}},
      {"COPY *.txt dir/*.txt /x/", {"x/three.txt 3", "x/two.txt 2"}},
      {"COPY dir /x", {"x/deep/four 4", "x/three.txt 3"}},
      {"COPY dir/ /x/", {"x/deep/four 4", "x/three.txt 3"}},
      {"COPY [\"dir/deep\", \"/with blank/\"]", {"with blank/four 4"}},
      {"COPY ../../one /x", {"x 1"}},
      {"COPY --exclude=*.txt dir /x", {"x/deep/four 4"}},
      {"COPY <<one <<\"two\" /x/\n$HOME is nothing\none\n$HOME stays\ntwo",
       {"x/one  is nothing\n", "x/two $HOME stays\n"}},
      {"ARG F=one\nCOPY $F /x", {"x 1"}},
      {"COPY one nothing* /x/", {"x/one 1"}},
      {"COPY --exclude=*.txt * /x/", {"x/deep/four 4", "x/one 1"}},
      {"COPY --exclude=**/*.txt --exclude=!dir/three.txt . /x/",
       {"x/dir/deep/four 4", "x/dir/three.txt 3", "x/one 1"}},
      {"COPY --parents dir/deep/four two.txt /x/", {"x/dir/deep/four 4", "x/two.txt 2"}},
      {"COPY --parents ./dir/./deep/four /x/", {"x/deep/four 4"}},
      {"COPY --parents **/*.txt /x/", {"x/dir/three.txt 3", "x/two.txt 2"}},
      {"COPY --parents dir/deep /x/", {"x/dir/deep/four 4"}},
      {"COPY --link one /x/", {"x/one 1"}},
  };
  for (const auto& place : places) {
    std::vector<std::string> files;
    for (const auto& line : copied(place.instruction)) {
      const auto file = line.find(" file ");
      if (file == std::string::npos) continue;
      const auto quote = line.find('"');
      files.push_back(line.substr(0, file) + " " + line.substr(quote + 1, line.size() - quote - 2));
    }
    EXPECT_EQ(files, place.files) << place.instruction;
  }
}

TEST_F(BuildCopyTest, GivesFilesToTheOwnerThatIsNamed) {
  add("file", "x");
  EXPECT_THAT(copied("COPY --chown=7:8 --chmod=0600 file /made/file"),
              ElementsAre("made folder 600 7:8", "made/file file 600 7:8 \"x\""))
      << "as BuildKit does, also to the folders that it makes on the way";
  EXPECT_THAT(copied("COPY --chmod=u=rw file /made/file"),
              ElementsAre("made folder 755 0:0", "made/file file 644 0:0 \"x\""));
  EXPECT_THAT(copied("COPY --chown=7 file /file"), ElementsAre("file file 644 7:7 \"x\""));
  const auto named = build("FROM shell:1\nCOPY --chown=app:staff file /file\n");
  EXPECT_THAT(last_layer(named), Contains("file file 644 1000:50 \"x\""));
  EXPECT_THAT(failure("FROM shell:1\nCOPY --chown=nobody-here file /file\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("unable to find user nobody-here")));
  EXPECT_THAT(copied("COPY --chmod=u+x,go=rX file /file"), ElementsAre("file file 755 0:0 \"x\""));
  EXPECT_THAT(failure("FROM shell:1\nCOPY --chmod=u+q file /file\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("--chmod: expected an octal mode")));
}

TEST_F(BuildCopyTest, KeepsOwnersAndAttributesFromAnotherStage) {
  const auto image = build(
      "FROM shell:1 AS made\n"
      "RUN mkdir /d && echo x > /d/file && chown -R app:staff /d && chmod 2750 /d\n"
      "FROM scratch\n"
      "COPY --from=made /d /d\n"
      "COPY --from=made /d/file /alone\n");
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[0]),
              ElementsAre("d folder 755 0:0", "d/file file 644 1000:50 \"x\n\""))
      << "the folder that is copied to is the copy's, what it holds the source's";
  EXPECT_THAT(last_layer(image), ElementsAre("alone file 644 1000:50 \"x\n\""));
}

TEST_F(BuildCopyTest, GivesWhatAnArchiveHoldsToTheOwnerThatIsNamed) {
  std::string archive;
  base::TarWriter tar([&](std::string_view bytes) -> base::Result<void> {
    archive += bytes;
    return {};
  });
  ASSERT_TRUE(tar.add({.path = "file", .mode = 0644, .uid = 9, .gid = 9, .size = 1}));
  ASSERT_TRUE(tar.write("x"));
  ASSERT_TRUE(tar.finish());
  add("a.tar", archive);
  EXPECT_THAT(copied("ADD a.tar /out/"), ElementsAre("out folder 755 0:0", "out/file file 644 9:9 \"x\""));
  EXPECT_THAT(copied("ADD --chown=100:200 a.tar /out/"),
              ElementsAre("out folder 755 100:200", "out/file file 644 100:200 \"x\""));
}

TEST_F(BuildCopyTest, CopiesFromAnImage) {
  const auto layer = copied("COPY --from=shell:1 /etc/group /etc/group");
  EXPECT_THAT(layer, Contains(StartsWith("etc/group file 644 0:0 \"root:x:0:")));
  EXPECT_THAT(failure("FROM scratch AS first\nCOPY --from=later / /\nFROM scratch AS later\n",
                      [](BuildOptions& options) { options.target = "first"; }),
              HasSubstr("cannot copy from stage \"later\", it needs to be defined before current stage"));
}

TEST_F(BuildCopyTest, LeavesOutWhatIsIgnored) {
  add(".dockerignore", "**/*.pyc\nsecret\n!keep.pyc\n");
  add("a.py", "1");
  add("a.pyc", "2");
  add("keep.pyc", "3");
  add("secret/key", "4");
  const auto layer = copied("COPY . /");
  EXPECT_THAT(layer, Contains(StartsWith("a.py ")));
  EXPECT_THAT(layer, Contains(StartsWith("keep.pyc ")));
  EXPECT_THAT(layer, Not(Contains(StartsWith("a.pyc"))));
  EXPECT_THAT(layer, Not(Contains(StartsWith("secret"))));
  EXPECT_THAT(failure("FROM scratch\nCOPY secret /\n"),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr(".dockerignore excludes it")));
}

TEST_F(BuildCopyTest, ReadsFilesOnceThatLookAsTheyDid) {
  add("dir/file", "x");
  const auto folder = take(base::open_directory(context()));
  const CopySource source{.root = folder.get()};
  const auto digest = [&] {
    return take(remembered_digest_of_sources(source, {{.path = "dir", .kept = ""}}, false, store()));
  };
  const auto first = digest();
  EXPECT_FALSE(base::is_directory(store().folder() / "records/sources"))
      << "what is that new may change again";
  // Two seconds later, or two seconds of a clock that was turned: the time is that of the inode.
  struct stat status {};
  while (true) {
    ASSERT_EQ(::stat((context() / "dir/file").c_str(), &status), 0);
    if (status.st_ctim.tv_sec + 2 < std::time(nullptr)) break;
    std::this_thread::yield();
  }
  EXPECT_EQ(digest(), first);
  ASSERT_EQ(take(base::list_directory(store().folder() / "records/sources")).size(), 1U);
  EXPECT_EQ(digest(), first);
  add("dir/file", "y");
  EXPECT_NE(digest(), first);
  EXPECT_EQ(digest(), take(digest_of_sources(source, {{.path = "dir", .kept = ""}}, false)));
}

TEST_F(BuildCopyTest, TakesTheCacheWhenOnlyTimesChanged) {
  add("dir/file", "x");
  copied("COPY dir /x");
  const timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
  ::utimensat(AT_FDCWD, (context() / "dir/file").c_str(), times, 0);
  copied("COPY dir /x");
  EXPECT_EQ(built_.steps_cached, 1);
  ::chmod((context() / "dir/file").c_str(), 0755);
  copied("COPY dir /x");
  EXPECT_EQ(built_.steps_cached, 0) << "a mode is content";
  std::filesystem::rename(context() / "dir/file", context() / "dir/file2");
  copied("COPY dir /x");
  EXPECT_EQ(built_.steps_cached, 0) << "a name is content";
}

TEST_F(BuildCopyTest, ReplacesFilesButNotFoldersOfTheImage) {
  add("file", "new");
  EXPECT_THAT(last_layer(build("FROM shell:1\nCOPY file /etc/group\n")),
              Contains("etc/group file 644 0:0 \"new\""));
  EXPECT_THAT(failure("FROM shell:1\nRUN mkdir /d/file /d -p\nCOPY file /d/file\nCOPY file /d/\n"),
              HasSubstr("Dockerfile:4:1: cannot copy a file over the folder"));
}

TEST_F(BuildCopyTest, UnpacksALocalArchiveOfAdd) {
  write("context/rootfs.tar",
        make_tar({tar_folder("a", 0700), tar_file("a/b", "in"), tar_symlink("l", "a/b")}));
  EXPECT_THAT(copied("ADD rootfs.tar /x/"), ElementsAre("x folder 755 0:0", "x/a folder 700 0:0",
                                                        "x/a/b file 644 0:0 \"in\"", "x/l link 777 0:0 a/b"));
  EXPECT_THAT(copied("COPY rootfs.tar /x/"), Contains(HasSubstr("x/rootfs.tar file 644 0:0")));
  write("context/bad.tar", make_tar({tar_file("../../escaped", "x")}));
  EXPECT_THAT(failure("FROM scratch\nADD bad.tar /x/\n"), HasSubstr("leads out of the image"));
}

// ---- contexts of somebody hostile
// ---------------------------------------------------------------------------

TEST_F(BuildCopyTest, NeverFollowsALinkOutOfTheContext) {
  write("outside/secret", "s3cr3t");
  const auto outside = (folder() / "outside").string();
  std::filesystem::create_symlink(outside + "/secret", context() / "file");
  std::filesystem::create_symlink(outside, context() / "dir");
  std::filesystem::create_symlink("../outside/secret", context() / "up");
  for (const char* source : {"file", "dir", "up", "dir/secret"}) {
    const auto why = failure(fmt::format("FROM scratch\nCOPY {} /x\n", source));
    EXPECT_THAT(why, HasSubstr("Dockerfile:2:1")) << source;
  }
  // A pattern may match nothing, and does here.
  EXPECT_THAT(copied("COPY dir/* /x/"), IsEmpty());
  // What lies in a copied folder is copied as the link that it is.
  const auto layer = copied("COPY . /all/");
  EXPECT_THAT(layer, Contains("all/file link 777 0:0 " + outside + "/secret"));
  EXPECT_THAT(layer, Not(Contains(HasSubstr("s3cr3t"))));
}

TEST_F(BuildCopyTest, NeverWritesThroughALinkOfTheImage) {
  add("file", "x");
  const auto outside = write("outside/target", "untouched").parent_path();
  const std::string dockerfile = fmt::format(
      "FROM shell:1\nRUN ln -s {0} /link && ln -s {0}/target /to-file\n"
      "COPY file /link/new\nCOPY file /to-file\n",
      outside.string());
  const auto image = build(dockerfile);
  EXPECT_THAT(describe_tree(outside), ElementsAre(HasSubstr("untouched")));
  // The image's own root is what an absolute link means.
  EXPECT_THAT(describe_layer(store(), image.manifest.layers[2]),
              Contains(outside.string().substr(1) + "/new file 644 0:0 \"x\""));
  EXPECT_THAT(last_layer(image), Contains("to-file file 644 0:0 \"x\""));
}

TEST_F(BuildCopyTest, PassesOverWhatIsNoContent) {
  add("dir/file", "x");
  ASSERT_EQ(::mkfifo((context() / "dir/pipe").c_str(), 0644), 0);
  EXPECT_THAT(copied("COPY dir /x"), ElementsAre("x folder 755 0:0", "x/file file 644 0:0 \"x\""));
}

TEST_F(BuildCopyTest, RefusesAContextThatIsTooDeep) {
  base::Path deep = context() / "d";
  for (int i = 0; i < 250; ++i) deep /= "d";
  take(base::make_directories(deep));
  EXPECT_THAT(failure("FROM scratch\nCOPY d /x\n"), HasSubstr("more than 200 folders deep"));
}

TEST_F(BuildCopyTest, TellsWhenThereIsNoContext) {
  EXPECT_THAT(failure("FROM scratch\nCOPY a /b\n", [](BuildOptions& options) { options.context = -1; }),
              AllOf(StartsWith("Dockerfile:2:1: "), HasSubstr("no build context")));
}

}  // namespace
}  // namespace ecr
