#include "ecr/layer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>

#include "base/crypto.h"
#include "base/process.h"
#include "sandbox/plan.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {
namespace {

using base::Path;
using testing::ElementsAre;
using testing::HasSubstr;

class LayerTest : public ImagesTest {
 protected:
  void SetUp() override {
    ImagesTest::SetUp();
    take(base::make_directories(tree()));
    take(base::make_directories(target()));
  }
  Path tree() const { return folder() / "tree"; }
  Path target() const { return folder() / "target"; }

  base::Result<Digest> unpack(const std::string& tar, const UnpackOptions& options = {}) {
    const auto file = take(base::open_beneath(
        take(base::open_directory(write("in/layer.tar", tar).parent_path())).get(), "layer.tar", O_RDONLY));
    return unpack_tar(file.get(), target(), options);
  }
  base::Result<Digest> unpack_blob(const WrittenLayer& layer, const UnpackOptions& options = {}) {
    const auto blob = take(store().open_blob(layer.descriptor.digest));
    return unpack_tar(blob.get(), target(), options);
  }
};

TEST_F(LayerTest, WritesATreeAndReadsTheSameBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "owners can only be set by root";
  const auto shift = sandbox::first_host_id(0);
  take(base::make_directories(tree() / "bin"));
  take(base::write_file(tree() / "bin/tool", "#!/bin/sh\n", 0755));
  ::chmod((tree() / "bin/tool").c_str(), 04755);
  std::filesystem::create_hard_link(tree() / "bin/tool", tree() / "bin/twin");
  std::filesystem::create_symlink("../nowhere", tree() / "bin/link");
  take(base::make_directories(tree() / "tmp"));
  ::chmod((tree() / "tmp").c_str(), 01777);
  for (const char* path : {"bin", "bin/tool", "bin/link", "tmp"})
    ::lchown((tree() / path).c_str(), shift + 7, shift + 8);
  ::chmod((tree() / "bin/tool").c_str(), 04755);  // a change of owner took the bit away

  const auto layer = take(write_layer(tree(), {.first_host_id = shift}, store()));
  EXPECT_THAT(describe_layer(store(), layer.descriptor),
              ElementsAre("bin folder 755 7:8", "bin/link link 777 7:8 ../nowhere",
                          "bin/tool file 4755 7:8 \"#!/bin/sh\n\"", "bin/twin same 4755 7:8 bin/tool",
                          "tmp folder 1777 7:8"));
  EXPECT_EQ(take(unpack_blob(layer, {.first_host_id = shift})), layer.diff_id);
  EXPECT_EQ(describe_tree(target()), describe_tree(tree()));
  struct stat one {};
  struct stat other {};
  ::stat((target() / "bin/tool").c_str(), &one);
  ::stat((target() / "bin/twin").c_str(), &other);
  EXPECT_EQ(one.st_ino, other.st_ino);
}

TEST_F(LayerTest, KeepsAttributesAndCapabilitiesButNoneOfAnOverlaysOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "capabilities can only be set by root";
  const Path file = tree() / "ping";
  take(base::write_file(file, "x", 0755));
  ASSERT_EQ(::setxattr(file.c_str(), "user.note", "kept", 4, 0), 0) << "the disk takes no attributes";
  ASSERT_EQ(::setxattr(file.c_str(), "trusted.overlay.redirect", "/etc", 4, 0), 0);
  const std::string capability(
      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  ASSERT_EQ(::setxattr(file.c_str(), "security.capability", capability.data(), capability.size(), 0), 0);

  const auto layer = take(write_layer(tree(), {}, store()));
  take(unpack_blob(layer));
  char value[64];
  const auto path = target() / "ping";
  EXPECT_EQ(::getxattr(path.c_str(), "user.note", value, sizeof value), 4);
  EXPECT_EQ(::getxattr(path.c_str(), "trusted.overlay.redirect", value, sizeof value), -1);
  EXPECT_GE(::getxattr(path.c_str(), "security.capability", value, sizeof value), 20);
}

TEST_F(LayerTest, TurnsAnOverlaysWhiteoutsIntoMarksAndBack) {
  if (::geteuid() != 0) GTEST_SKIP() << "whiteouts can only be made by root";
  take(base::make_directories(tree() / "etc/new"));
  ASSERT_EQ(::mknod((tree() / "etc/gone").c_str(), S_IFCHR, makedev(0, 0)), 0);
  ASSERT_EQ(::setxattr((tree() / "etc/new").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  const auto layer = take(write_layer(tree(), {}, store()));
  EXPECT_THAT(describe_layer(store(), layer.descriptor),
              ElementsAre("etc folder 755 0:0", "etc/.wh.gone file 0 0:0 \"\"", "etc/new folder 755 0:0",
                          "etc/new/.wh..wh..opq file 0 0:0 \"\""));
  take(unpack_blob(layer));
  struct stat status {};
  ASSERT_EQ(::lstat((target() / "etc/gone").c_str(), &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0));
  char value = 0;
  EXPECT_EQ(::getxattr((target() / "etc/new").c_str(), "trusted.overlay.opaque", &value, 1), 1);
}

TEST_F(LayerTest, AppliesWhiteoutsToOneFlatTree) {
  const UnpackOptions flat{.whiteouts = WhiteoutForm::apply};
  take(unpack(make_tar({tar_folder("a"), tar_file("a/one", "1"), tar_file("a/two", "2"), tar_folder("b"),
                        tar_file("b/three", "3")}),
              flat));
  take(unpack(make_tar({tar_file("a/.wh.one", ""), tar_file("b/.wh..wh..opq", ""), tar_file("b/four", "4")}),
              flat));
  EXPECT_FALSE(base::exists(target() / "a/one"));
  EXPECT_TRUE(base::exists(target() / "a/two"));
  EXPECT_FALSE(base::exists(target() / "b/three"));
  EXPECT_TRUE(base::exists(target() / "b/four"));
}

TEST_F(LayerTest, TakesNothingAwayThatTheSameLayerBrings) {
  const UnpackOptions flat{.whiteouts = WhiteoutForm::apply};
  take(unpack(make_tar({tar_folder("a"), tar_file("a/old", "1"), tar_folder("b"), tar_folder("b/c"),
                        tar_file("b/c/old", "2"), tar_file("d", "3")}),
              flat));
  take(unpack(
      make_tar({tar_folder("a"), tar_file("a/new", "1"), tar_file("a/.wh..wh..opq", ""),
                tar_file("b/c/new", "2"), tar_file(".wh.b", ""), tar_file("d", "4"), tar_file(".wh.d", "")}),
      flat));
  EXPECT_FALSE(base::exists(target() / "a/old"));
  EXPECT_TRUE(base::exists(target() / "a/new"));
  EXPECT_FALSE(base::exists(target() / "b/c/old"));
  EXPECT_TRUE(base::exists(target() / "b/c/new"));
  EXPECT_EQ(take(base::read_file(target() / "d")), "4");
}

TEST_F(LayerTest, DropsSpecialBitsWhenAskedTo) {
  take(unpack(make_tar({tar_file("tool", "x", 06755), tar_folder("shared", 03777)}),
              {.special_bits = SpecialBits::drop}));
  struct stat status {};
  ASSERT_EQ(::stat((target() / "tool").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
  ASSERT_EQ(::stat((target() / "shared").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 01777U);
}

TEST_F(LayerTest, MakesHolesOfZeros) {
  const std::string content = "start" + std::string(8U << 20, '\0');
  take(unpack(make_tar({tar_file("sparse", content)})));
  struct stat status {};
  ASSERT_EQ(::stat((target() / "sparse").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, static_cast<off_t>(content.size()));
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
  EXPECT_EQ(take(base::read_file(target() / "sparse")), content);
}

TEST_F(LayerTest, RefusesWhatGrowsTooMuch) {
  const auto file = write("in/zeros.tar", make_tar({tar_file("zeros", std::string(4U << 20, '\0'))}));
  const auto packed = take(base::run_process({.argv = {"gzip", "-9", file.string()}}));
  ASSERT_EQ(packed.exit_code, 0) << packed.output;
  const auto tar = take(base::read_file(file.string() + ".gz"));
  take(unpack(tar, {.limits = {.ratio = 2000, .ratio_from = 1U << 20}}));
  const auto refused = unpack(tar, {.limits = {.ratio = 100, .ratio_from = 1U << 20}});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().to_string(), HasSubstr("more than 100 times as much"));
}

TEST_F(LayerTest, TellsTheDigestsThatOtherToolsFind) {
  take(base::write_file(tree() / "file", std::string(3'000'000, 'x')));
  const auto layer = take(write_layer(tree(), {}, store()));
  const auto blob = store().blob_path(layer.descriptor.digest).string();
  const auto plain = take(base::run_process({.argv = {"sh", "-c", "gzip -dc '" + blob + "' | sha256sum"}}));
  EXPECT_EQ("sha256:" + plain.output.substr(0, 64), layer.diff_id.to_string());
  const auto packed = take(base::run_process({.argv = {"sha256sum", blob}}));
  EXPECT_EQ("sha256:" + packed.output.substr(0, 64), layer.descriptor.digest.to_string());
  EXPECT_EQ(std::filesystem::file_size(blob), layer.descriptor.size);
}

TEST_F(LayerTest, WritesTheSameTarForTheSameTree) {
  for (const char* name : {"b", "a", "c"}) take(base::write_file(tree() / name, name));
  const LayerOptions options{.latest_time = 1'000'000};
  const auto first = take(write_layer(tree(), options, store()));
  ASSERT_EQ(::utimensat(AT_FDCWD, (tree() / "a").c_str(), nullptr, 0), 0);
  EXPECT_EQ(take(write_layer(tree(), options, store())).diff_id, first.diff_id);
}

TEST_F(LayerTest, UnpacksWhatGnuTarAndZstdMake) {
  take(base::write_file(tree() / std::string(150, 'n'), "long name"));
  const auto path = (folder() / "x.tar.zst").string();
  const auto made = take(base::run_process(
      {.argv = {"sh", "-c",
                "tar -C '" + tree().string() + "' --format=gnu -cf - . | zstd -q -o '" + path + "'"}}));
  if (made.exit_code != 0) GTEST_SKIP() << "no tar or zstd here: " << made.output;
  take(unpack(take(base::read_file(path))));
  EXPECT_EQ(take(base::read_file(target() / std::string(150, 'n'))), "long name");
}

// ---- hostile tars: nothing may appear, change or vanish outside of the target
// -------------------------------

struct HostileTar {
  const char* what;
  std::vector<TarMember> members;
  const char* message;  ///< of the error; empty when it is contained without one
};

class HostileTarTest : public LayerTest, public testing::WithParamInterface<HostileTar> {};

TEST_P(HostileTarTest, IsContained) {
  const auto outside = write("outside/secret", "untouched");
  const auto before = describe_tree(folder() / "outside");
  std::vector<TarMember> members = GetParam().members;
  for (auto& member : members) {
    // OUTSIDE stands for a folder of the host that is there.
    for (auto* text : {&member.entry.path, &member.entry.link_target}) {
      const auto at = text->find("OUTSIDE");
      if (at != std::string::npos) text->replace(at, 7, outside.parent_path().string());
    }
  }
  for (const auto form : {WhiteoutForm::overlay, WhiteoutForm::apply}) {
    take(base::remove_tree(target()));
    take(base::make_directories(target()));
    const auto unpacked = unpack(make_tar(members), {.whiteouts = form});
    const std::string message = GetParam().message;
    EXPECT_EQ(unpacked.ok(), message.empty()) << (unpacked ? "" : unpacked.error().to_string());
    if (!unpacked) {
      EXPECT_THAT(unpacked.error().to_string(), HasSubstr(message));
    }
    EXPECT_EQ(describe_tree(folder() / "outside"), before);
    EXPECT_FALSE(base::exists(folder() / "escaped"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , HostileTarTest,
    testing::Values(
        HostileTar{"DotDot", {tar_file("../escaped", "x")}, "leads out of the image"},
        HostileTar{
            "DotDotInside", {tar_folder("a"), tar_file("a/../../escaped", "x")}, "leads out of the image"},
        HostileTar{"AbsoluteNameIsInside", {tar_file("OUTSIDE/new", "x")}, ""},
        HostileTar{"ThroughALink",
                   {tar_symlink("link", "OUTSIDE"), tar_file("link/new", "x")},
                   "but a link or a file"},
        HostileTar{"ThroughALinkInside",
                   {tar_folder("real"), tar_symlink("link", "real"), tar_file("link/new", "x")},
                   "but a link or a file"},
        HostileTar{"FileOverALink", {tar_symlink("link", "OUTSIDE/secret"), tar_file("link", "x")}, ""},
        HostileTar{"FolderOverALink",
                   {tar_symlink("link", "OUTSIDE"), tar_folder("link"), tar_file("link/new", "x")},
                   ""},
        HostileTar{"HardLinkOut", {tar_hard_link("mine", "OUTSIDE/secret")}, "not in this archive"},
        HostileTar{"HardLinkDotDot", {tar_hard_link("mine", "../outside/secret")}, "leads out of the image"},
        HostileTar{"HardLinkThroughALink",
                   {tar_symlink("link", "OUTSIDE"), tar_hard_link("mine", "link/secret")},
                   "not in this archive"},
        HostileTar{
            "HardLinkToALinkThenWrite",
            {tar_symlink("link", "OUTSIDE/secret"), tar_hard_link("twin", "link"), tar_file("twin", "x")},
            ""},
        HostileTar{"WhiteoutThroughALink",
                   {tar_symlink("link", "OUTSIDE"), tar_file("link/.wh.secret", "")},
                   "but a link or a file"},
        HostileTar{"OpaqueThroughALink",
                   {tar_symlink("link", "OUTSIDE"), tar_file("link/.wh..wh..opq", "")},
                   "but a link or a file"},
        HostileTar{"WhiteoutOfDotDot", {tar_file(".wh...", "")}, "names no file"},
        HostileTar{"WhiteoutOfNothing", {tar_file(".wh.", "")}, "names no file"},
        HostileTar{"FileUsedAsAFolder", {tar_file("a", "x"), tar_file("a/b", "x")}, "but a link or a file"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST_F(LayerTest, RefusesMoreBytesThanTheLimit) {
  const auto unpacked =
      unpack(make_tar({tar_file("big", std::string(200'000, 'x'))}), {.limits = {.bytes = 100'000}});
  ASSERT_FALSE(unpacked.ok());
  EXPECT_THAT(unpacked.error().to_string(), HasSubstr("unpacks to more than 97.7 KiB"));
}

TEST_F(LayerTest, RefusesMoreEntriesThanTheLimit) {
  std::vector<TarMember> members;
  for (int i = 0; i < 11; ++i) members.push_back(tar_file("f" + std::to_string(i), ""));
  const auto unpacked = unpack(make_tar(members), {.limits = {.entries = 10}});
  ASSERT_FALSE(unpacked.ok());
  EXPECT_THAT(unpacked.error().to_string(), HasSubstr("more than 10 entries"));
}

TEST_F(LayerTest, RefusesACompressedBombBeforeItFillsTheDisk) {
  const auto path = (folder() / "bomb.gz").string();
  const auto made = take(
      base::run_process({.argv = {"sh", "-c",
                                  "truncate -s 200M zeros && tar -cf - --sparse zeros zeros | cat > t.tar; "
                                  "(cat t.tar; head -c 50000000 /dev/zero) | gzip > '" +
                                      path + "'"},
                         .directory = tree()}));
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const auto unpacked = unpack(take(base::read_file(path)), {.limits = {.bytes = 1'000'000}});
  ASSERT_FALSE(unpacked.ok());
  EXPECT_THAT(unpacked.error().to_string(), HasSubstr("more than 976.6 KiB"));
}

/// The first entry's kind changed to a character device 0:0.
std::string as_device(std::string tar) {
  tar[156] = '3';
  tar.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(tar[static_cast<std::size_t>(i)]);
  tar.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return tar;
}

TEST_F(LayerTest, DropsDevicesAndForgedOverlayMarks) {
  TarMember forged = tar_folder("etc");
  forged.entry.attributes = {{"trusted.overlay.opaque", "y"}, {"user.overlay.opaque", "y"}};
  // An overlay takes a character device 0:0 for a whiteout.
  take(unpack(as_device(make_tar({tar_file("null", ""), forged}))));
  EXPECT_TRUE(base::exists(target() / "etc"));
  EXPECT_FALSE(base::exists(target() / "null"));
  char value = 0;
  for (const char* name : {"trusted.overlay.opaque", "user.overlay.opaque"})
    EXPECT_EQ(::getxattr((target() / "etc").c_str(), name, &value, 1), -1) << name;
}

TEST_F(LayerTest, RefusesACutAndADamagedStream) {
  take(base::write_file(tree() / "file", base::random_bytes(100'000)));
  const auto layer = take(write_layer(tree(), {}, store()));
  const auto bytes = take(store().read_blob(layer.descriptor.digest));
  EXPECT_FALSE(unpack(bytes.substr(0, bytes.size() / 2)).ok());
  auto damaged = bytes;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  EXPECT_FALSE(unpack(damaged).ok());
  EXPECT_FALSE(unpack("this is no tar at all").ok());
}

TEST_F(LayerTest, ReadsConcatenatedGzipMembers) {
  const auto tar = make_tar({tar_file("file", std::string(5000, 'y'))});
  const auto half = write("half/1", tar.substr(0, 3000)).parent_path();
  take(base::write_file(half / "2", tar.substr(3000)));
  const auto made =
      take(base::run_process({.argv = {"sh", "-c", "(gzip -c 1; gzip -c 2) > all.gz"}, .directory = half}));
  ASSERT_EQ(made.exit_code, 0);
  take(unpack(take(base::read_file(half / "all.gz"))));
  EXPECT_EQ(take(base::read_file(target() / "file")), std::string(5000, 'y'));
}

}  // namespace
}  // namespace ecr
