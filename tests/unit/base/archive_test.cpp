#include "base/archive.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/process.h"
#include "tests/unit/base/folder_fixture.h"
#include "tests/unit/base/raw_tar.h"

namespace base {

void PrintTo(EntryKind kind, std::ostream* out) {
  *out << "kind " << static_cast<int>(kind);
}

namespace {

/// Gives a text in pieces of a size.
TarReader::Source source_of(std::string bytes, std::size_t piece = 1000) {
  return [bytes = std::move(bytes), piece, at = std::size_t{0}](
             char* buffer, std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = bytes.copy(buffer, std::min(piece, size), at);
    at += count;
    return count;
  };
}

TarReader reader_of(std::string bytes) {
  return {source_of(std::move(bytes)), ArchiveInput::tar};
}

Result<std::string> content_of(TarReader& reader, std::size_t limit = 1U << 20) {
  std::string content;
  char buffer[700];
  while (content.size() < limit) {
    TRY(const std::size_t count, reader.read(buffer, sizeof buffer));
    if (count == 0) break;
    content.append(buffer, count);
  }
  return content;
}

struct Read {
  ArchiveEntry entry;
  std::string content;
};

Result<std::vector<Read>> read_all_entries(TarReader reader) {
  std::vector<Read> all;
  while (true) {
    TRY(auto entry, reader.next());
    if (!entry) return all;
    TRY(auto content, content_of(reader));
    all.push_back({std::move(*entry), std::move(content)});
  }
}

Result<void> add_all(TarWriter& writer, const std::vector<Read>& entries) {
  for (const auto& [entry, content] : entries) {
    TRY(writer.add(entry));
    if (!content.empty()) TRY(writer.write(content));
  }
  return writer.finish();
}

Result<std::string> written(const std::vector<Read>& entries) {
  std::string bytes;
  TarWriter writer([&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  });
  TRY(add_all(writer, entries));
  return bytes;
}

Read file_of(std::string path, std::string content) {
  ArchiveEntry entry{.path = std::move(path), .mode = 0644, .size = content.size()};
  return {std::move(entry), std::move(content)};
}

Result<Read> round_trip(const Read& given) {
  TRY(const auto bytes, written({given}));
  TRY(auto read, read_all_entries(reader_of(bytes)));
  if (read.size() != 1) return make_error(ErrorKind::internal, std::to_string(read.size()) + " entries");
  return std::move(read[0]);
}

TEST(Archive, KeepsAFileWithAllThatIsSaidOfIt) {
  Read given = file_of("folder/file", std::string(70'000, 'x') + std::string("\0end", 4));
  given.entry.mode = 06755;
  given.entry.uid = 1000;
  given.entry.gid = 1001;
  given.entry.mtime = 1'700'000'000;
  given.entry.attributes = {{"security.capability", std::string("\1\0\0\2", 4)}, {"user.note", "a=b\n"}};
  const auto read = round_trip(given);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->entry.kind, EntryKind::file);
  EXPECT_EQ(read->entry.path, "folder/file");
  EXPECT_EQ(read->entry.mode, 06755U);
  EXPECT_EQ(read->entry.uid, 1000);
  EXPECT_EQ(read->entry.gid, 1001);
  EXPECT_EQ(read->entry.mtime, 1'700'000'000);
  EXPECT_EQ(read->entry.size, given.content.size());
  EXPECT_TRUE(read->content == given.content);
  auto attributes = read->entry.attributes;
  std::sort(attributes.begin(), attributes.end());
  EXPECT_EQ(attributes, given.entry.attributes);
}

TEST(Archive, KeepsWhatUstarHasNoRoomFor) {
  const std::string path = std::string(90, 'a') + "/" + std::string(250, 'b') + "/" + std::string(250, 'c');
  Read given = file_of(path, "");
  given.entry.uid = 4'000'000'000;
  given.entry.gid = 3'000'000'000;
  given.entry.mtime = -5;
  const auto read = round_trip(given);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->entry.path, path);
  EXPECT_EQ(read->entry.uid, 4'000'000'000);
  EXPECT_EQ(read->entry.gid, 3'000'000'000);
  EXPECT_EQ(read->entry.mtime, -5);
}

struct NameCase {
  const char* name;
  EntryKind kind;
  std::string path;
  std::string link_target;
};
void PrintTo(const NameCase& given, std::ostream* out) {
  *out << testing::PrintToString(given.path) << " -> " << testing::PrintToString(given.link_target);
}

class ArchiveNames : public testing::TestWithParam<NameCase> {};

TEST_P(ArchiveNames, ComeBackAsTheyWereWritten) {
  const auto& given = GetParam();
  const auto read = round_trip(
      {{.kind = given.kind, .path = given.path, .link_target = given.link_target, .mode = 0755}, ""});
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->entry.kind, given.kind);
  EXPECT_EQ(read->entry.path, given.path);
  EXPECT_EQ(read->entry.link_target, given.link_target);
  EXPECT_EQ(read->content, "");
}

INSTANTIATE_TEST_SUITE_P(
    , ArchiveNames,
    testing::Values(NameCase{"AFolder", EntryKind::directory, "a/b/", ""},
                    NameCase{"ASymlink", EntryKind::symlink, "a/link", "../target"},
                    NameCase{"ASymlinkOut", EntryKind::symlink, "a/link", "/../../etc/passwd"},
                    NameCase{"ALongSymlink", EntryKind::symlink, "link", std::string(1000, 'x')},
                    NameCase{"AHardLink", EntryKind::hard_link, "a/second", "a/first"},
                    NameCase{"AHardLinkOut", EntryKind::hard_link, "a/second", "../../etc/passwd"},
                    NameCase{"AFifo", EntryKind::fifo, "a/fifo", ""},
                    NameCase{"Utf8", EntryKind::file, "gr\u00fc\u00dfe/\u65e5\u672c", ""},
                    NameCase{"NoUtf8", EntryKind::file, "gr\xfc\xdf", ""},
                    NameCase{"NoUtf8Link", EntryKind::symlink, "link", "\xff\xfe"},
                    NameCase{"Spaces", EntryKind::file, " a\tb\nc ", ""},
                    NameCase{"Absolute", EntryKind::file, "/etc/passwd", ""},
                    NameCase{"DotDot", EntryKind::file, "../../etc/passwd", ""},
                    NameCase{"DotDotWithin", EntryKind::file, "a/../../b", ""},
                    NameCase{"AWhiteout", EntryKind::file, "a/.wh..wh..opq", ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Archive, SkipsWhatWasNotReadOfAnEntry) {
  const auto bytes = written({file_of("first", std::string(5000, '1')), file_of("second", "2")});
  ASSERT_TRUE(bytes.ok());
  auto reader = reader_of(*bytes);
  char one = 0;
  ASSERT_TRUE(reader.next().ok());
  ASSERT_EQ(reader.read(&one, 1).value_or(0), 1U);
  const auto second = reader.next();
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_EQ((*second)->path, "second");
  EXPECT_EQ(content_of(reader).value_or(""), "2");
  EXPECT_FALSE(reader.next().value_or(ArchiveEntry{}).has_value());
}

TEST(Archive, WritesTheSameBytesForTheSameEntries) {
  const std::vector<Read> entries{file_of("a", "1"), {{.kind = EntryKind::directory, .path = "d"}, ""}};
  EXPECT_TRUE(written(entries).value_or("one") == written(entries).value_or("other"));
}

TEST(Archive, FillsHolesWithZeros) {
  // The old GNU format: 5 bytes at 1000 of a file of 2000.
  const std::string map = octal(1000) + std::string(1, '\0') + octal(5) + std::string(1, '\0');
  std::string tail(512 - 345, '\0');
  tail.replace(386 - 345, map.size(), map);
  tail.replace(483 - 345, 11, octal(2000));
  const auto read = read_all_entries(
      reader_of(raw_entry({.name = "sparse", .type = 'S', .tail = tail}, "12345") + tar_end()));
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->at(0).entry.size, 2000U);
  EXPECT_TRUE(read->at(0).content == std::string(1000, '\0') + "12345" + std::string(995, '\0'));
}

TEST(Archive, TellsDevices) {
  for (const char type : {'3', '4'}) {
    const auto read =
        read_all_entries(reader_of(RawHeader{.name = "dev/sda", .type = type}.bytes() + tar_end()));
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_EQ(read->at(0).entry.kind, EntryKind::device);
    EXPECT_EQ(read->at(0).entry.size, 0U);
  }
}

TEST(Archive, HoldsNothingWhenItIsEmpty) {
  EXPECT_EQ(read_all_entries(reader_of("")).value_or(std::vector<Read>(9)).size(), 0U);
  EXPECT_EQ(read_all_entries(reader_of(tar_end())).value_or(std::vector<Read>(9)).size(), 0U);
  EXPECT_EQ(read_all_entries(reader_of(written({}).value_or("x"))).value_or(std::vector<Read>(9)).size(), 0U);
}

struct HostileCase {
  const char* name;
  std::string bytes;
};
void PrintTo(const HostileCase& given, std::ostream* out) {
  *out << given.bytes.size() << " bytes";
}

class HostileArchive : public testing::TestWithParam<HostileCase> {};

TEST_P(HostileArchive, IsAnErrorAndNoMoreThanThat) {
  const auto read = read_all_entries(reader_of(GetParam().bytes));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::invalid_input);
  EXPECT_FALSE(read.error().message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    , HostileArchive,
    testing::Values(
        HostileCase{"Noise", std::string(4096, 'x')}, HostileCase{"AShortText", "no tar"},
        HostileCase{"ACutHeader", RawHeader{.name = "file"}.bytes().substr(0, 300)},
        HostileCase{"AWrongChecksum",
                    [] {
                      auto bytes = RawHeader{.name = "file"}.bytes();
                      bytes[0] = 'F';
                      return bytes + tar_end();
                    }()},
        HostileCase{"ACutContent", raw_entry({.name = "file"}, std::string(2000, 'x')).substr(0, 1500)},
        HostileCase{"AHugeSize", RawHeader{.name = "file", .size = base_256(INT64_MAX)}.bytes() + "x"},
        HostileCase{"ANegativeSize", RawHeader{.name = "file", .size = base_256(-512)}.bytes() + tar_end()},
        HostileCase{"ALongNameWithoutEnd",
                    RawHeader{.name = "././@LongLink", .type = 'L', .size = base_256(1LL << 40)}.bytes() +
                        std::string(1U << 20, 'x')},
        HostileCase{"AnExtendedHeaderWithoutEnd",
                    RawHeader{.name = "pax", .type = 'x', .size = base_256(1LL << 40)}.bytes() +
                        std::string(1U << 20, 'x')},
        HostileCase{"AnExtendedHeaderAlone", raw_entry({.name = "pax", .type = 'x'}, "14 path=folder\n")},
        HostileCase{"NoName", RawHeader{.name = ""}.bytes() + tar_end()},
        HostileCase{"AnEmptyExtendedName", raw_entry({.name = "pax", .type = 'x'}, "8 path=\n") +
                                               RawHeader{.name = ""}.bytes() + tar_end()}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Archive, SaysASizeThatNoDiskHoldsWithoutReadingIt) {
  auto reader = reader_of(RawHeader{.name = "file", .size = base_256(1LL << 60)}.bytes() + "x");
  const auto entry = reader.next();
  ASSERT_TRUE(entry.ok() && entry->has_value());
  EXPECT_EQ((*entry)->size, 1ULL << 60);
}

TEST(Archive, PassesOnWhyItsInputFailed) {
  TarReader reader(
      [](char*, std::size_t) -> Result<std::size_t> {
        return make_error(ErrorKind::unavailable, "the registry hung up");
      },
      ArchiveInput::tar);
  const auto entry = reader.next();
  ASSERT_FALSE(entry.ok());
  EXPECT_EQ(entry.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(entry.error().message, "the registry hung up");
}

TEST(Archive, PassesOnWhyItsOutputFailed) {
  TarWriter writer([](std::string_view) -> Result<void> {
    return make_error(ErrorKind::unavailable, "the disk is full");
  });
  const auto failed = add_all(writer, {file_of("file", std::string(1U << 20, 'x'))});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "the disk is full");
}

TEST(Archive, TakesNoMoreContentThanWasSaid) {
  TarWriter writer([](std::string_view) { return Result<void>(); });
  ASSERT_TRUE(writer.add({.path = "file", .mode = 0644, .size = 3}).ok());
  EXPECT_FALSE(writer.write("four").ok());
}

TEST(Archive, IsCutWhenItsWriterGaveUp) {
  std::string bytes;
  {
    TarWriter writer([&](std::string_view piece) -> Result<void> {
      bytes += piece;
      return {};
    });
    ASSERT_TRUE(writer.add({.path = "file", .mode = 0644, .size = 1U << 20}).ok());
    ASSERT_TRUE(writer.write(std::string(600'000, 'x')).ok());
  }
  EXPECT_FALSE(read_all_entries(reader_of(bytes)).ok()) << "it must not pass for a whole one";
}

class CompressedArchive : public testing::TestWithParam<const char*> {};

TEST_P(CompressedArchive, IsReadOnlyWhenThatWasAskedFor) {
  const auto bytes = written({file_of("file", "content")});
  ASSERT_TRUE(bytes.ok());
  if (!find_program(GetParam())) GTEST_SKIP() << "needs the program " << GetParam();
  const auto packed = run_process({.argv = {GetParam(), "-c"}, .input = *bytes});
  ASSERT_TRUE(packed.ok()) << packed.error().to_string();
  const auto read = read_all_entries({source_of(packed->output), ArchiveInput::compressed_tar});
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->at(0).content, "content");
  EXPECT_FALSE(read_all_entries({source_of(packed->output), ArchiveInput::tar}).ok());
}

INSTANTIATE_TEST_SUITE_P(, CompressedArchive, testing::Values("bzip2", "xz"));

using ArchivePrograms = FolderTest;

TEST_F(ArchivePrograms, AreNeverStartedByAnArchive) {
  // What libarchive cannot unpack itself it would give to a program of this name.
  const auto mark = at("started");
  for (const char* name : {"grzip", "lrzip", "lzop", "gzip", "bzip2", "xz", "zstd", "lz4", "uudecode"}) {
    (void)put(name, "#!/bin/sh\n: > " + mark.string() + "\n", 0755);
  }
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder_.path().string() + ":" + path).c_str(), 1);
  for (const std::string& magic : {std::string("GRZipII\0\2\4:)", 12), std::string("LRZI\0\6", 6),
                                   std::string("\x89LZO\0\r\n\x1a\n", 9)}) {
    EXPECT_FALSE(
        read_all_entries({source_of(magic + std::string(4096, 'x')), ArchiveInput::compressed_tar}).ok());
  }
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_FALSE(base::exists(mark));
}

}  // namespace
}  // namespace base
