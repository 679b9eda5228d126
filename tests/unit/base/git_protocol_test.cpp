#include "base/git_protocol.h"

#include <gmock/gmock.h>

namespace base::git {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(GitProtocol, WritesTheLengthInFront) {
  EXPECT_EQ(packet_line("peel\n"), "0009peel\n");
  EXPECT_EQ(packet_line(""), "0004");
}

TEST(GitProtocol, ReadsPacketsWhereverTheyAreCut) {
  const std::string stream =
      "0006a\n0001"
      "0006b\n0000"
      "0002";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    std::string seen;
    PacketReader reader([&](const Packet& packet) -> Result<void> {
      seen += packet.kind == PacketKind::line ? std::string(packet.text)
                                              : std::to_string(static_cast<int>(packet.kind));
      return {};
    });
    ASSERT_TRUE(reader.feed(std::string_view(stream).substr(0, cut)));
    ASSERT_TRUE(reader.feed(std::string_view(stream).substr(cut)));
    EXPECT_TRUE(reader.close());
    EXPECT_EQ(seen, "a\n2b\n13");
  }
}

TEST(GitProtocol, RefusesWhatIsNoPacket) {
  for (const char* wrong : {"zzzz", "0003", "<html>"}) {
    PacketReader reader([](const Packet&) -> Result<void> { return {}; });
    EXPECT_FALSE(reader.feed(wrong)) << wrong;
  }
  PacketReader reader([](const Packet&) -> Result<void> { return {}; });
  EXPECT_TRUE(reader.feed("0009pe"));
  EXPECT_EQ(reader.close().error().kind, ErrorKind::unavailable);
}

TEST(GitProtocol, ReadsWhatAServerCan) {
  const auto old = read_capabilities(packet_line("# service=git-upload-pack\n") + "0000" +
                                     packet_line(std::string(40, 'a') + " HEAD\n") + "0000");
  ASSERT_TRUE(old);
  EXPECT_FALSE(old->version_2);
  const auto now = read_capabilities(packet_line("version 2\n") + packet_line("ls-refs=unborn\n") +
                                     packet_line("fetch=shallow wait-for-done\n") + "0000");
  ASSERT_TRUE(now);
  EXPECT_TRUE(now->version_2 && now->shallow);
}

TEST(GitProtocol, PeelsTags) {
  const std::string a(40, 'a');
  const std::string b(40, 'b');
  const auto references = read_references(packet_line(a + " refs/tags/v1 peeled:" + b + "\n") +
                                          packet_line(a + " refs/heads/x\n") + "0000");
  ASSERT_TRUE(references);
  ASSERT_EQ(references->size(), 2U);
  EXPECT_EQ(references->at(0).commit, b);
  EXPECT_EQ(references->at(1).name, "refs/heads/x");
}

TEST(GitProtocol, TakesThePackOutOfItsBands) {
  std::string pack;
  PackReader reader([&](std::string_view piece) -> Result<void> {
    pack += piece;
    return {};
  });
  ASSERT_TRUE(reader.feed(packet_line("shallow-info\n") + packet_line("shallow abc\n") + "0001" +
                          packet_line("packfile\n") + packet_line("\1PA") + packet_line("\2half\n")));
  EXPECT_FALSE(reader.close());
  ASSERT_TRUE(reader.feed(packet_line("\1CK") + "0000"));
  EXPECT_TRUE(reader.close());
  EXPECT_EQ(pack, "PACK");
}

TEST(GitProtocol, SaysWhatTheServerSays) {
  PackReader reader([](std::string_view) -> Result<void> { return {}; });
  const auto missing = reader.feed(packet_line("ERR upload-pack: not our ref 123\n"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  PackReader failing([](std::string_view) -> Result<void> { return {}; });
  const auto failed = failing.feed(packet_line("packfile\n") + packet_line("\3out of disk\n"));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("out of disk"));
}

}  // namespace
}  // namespace base::git
