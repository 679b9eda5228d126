#include "sandbox/protocol.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/setting_text.h"

namespace sandbox {
namespace {

using protocol::Kind;
using protocol::Message;

class ProtocolTest : public testing::Test {
 protected:
  ProtocolTest() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
  }
  base::Result<Message> carry(const Message& message) {
    TRY(protocol::send(ours_.get(), message));
    return protocol::receive(theirs_.get());
  }
  base::Fd ours_;
  base::Fd theirs_;
};

TEST_F(ProtocolTest, CarriesNumbersAndTexts) {
  const auto got = carry(
      {.kind = Kind::signal, .number = -7, .other = INT64_MAX, .texts = {"", std::string("a\0b", 3), "ü"}});
  ASSERT_TRUE(got.ok()) << got.error().to_string();
  EXPECT_EQ(got->kind, Kind::signal);
  EXPECT_EQ(got->number, -7);
  EXPECT_EQ(got->other, INT64_MAX);
  EXPECT_EQ(got->texts, (std::vector<std::string>{"", std::string("a\0b", 3), "ü"}));
}

TEST_F(ProtocolTest, CarriesTextsLargerThanAPacket) {
  const std::vector<std::string> texts{std::string(200'000, 'a'), "", std::string(3'000'000, 'b')};
  const auto got = carry({.texts = texts});
  ASSERT_TRUE(got.ok()) << got.error().to_string();
  EXPECT_TRUE(got->texts == texts);
  EXPECT_TRUE(got->fds.empty()) << "what carried the texts is not handed on";
}

TEST_F(ProtocolTest, CarriesDescriptorsInOrderAndClosesThemOnExec) {
  Message message;
  auto first = base::make_pipe();
  auto second = base::make_pipe();
  ASSERT_TRUE(first.ok() && second.ok());
  message.fds.push_back(std::move(first->write));
  message.fds.push_back(std::move(second->write));
  message.texts.emplace_back(100'000, 'x');
  auto got = carry(message);
  ASSERT_TRUE(got.ok()) << got.error().to_string();
  ASSERT_EQ(got->fds.size(), 2U);
  message.fds.clear();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NE(::fcntl(got->fds[i].get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_TRUE(base::write_all(got->fds[i].get(), i == 0 ? "first" : "second").ok());
  }
  got->fds.clear();
  EXPECT_EQ(base::read_all(first->read.get()).value_or(""), "first");
  EXPECT_EQ(base::read_all(second->read.get()).value_or(""), "second");
}

TEST_F(ProtocolTest, TellsThatTheOtherSideIsGone) {
  ours_.reset();
  EXPECT_EQ(protocol::receive(theirs_.get()).error().kind, base::ErrorKind::cancelled);
  EXPECT_FALSE(protocol::send(theirs_.get(), {}).ok());
}

class CutMessage : public ProtocolTest, public testing::WithParamInterface<int> {};

TEST_P(CutMessage, IsAnError) {
  ASSERT_TRUE(protocol::send(ours_.get(), {.texts = {"one", "two"}}).ok());
  std::string packet(1000, '\0');
  const auto size = ::recv(theirs_.get(), packet.data(), packet.size(), 0);
  ASSERT_GT(size, GetParam());
  ASSERT_EQ(::send(ours_.get(), packet.data(), static_cast<std::size_t>(size - GetParam()), 0),
            size - GetParam());
  const auto got = protocol::receive(theirs_.get());
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().message, "a message was cut off");
}

INSTANTIATE_TEST_SUITE_P(, CutMessage, testing::Values(1, 3, 5, 10, 14, 20));

TEST_F(ProtocolTest, BelievesNoCountOfTexts) {
  ASSERT_TRUE(protocol::send(ours_.get(), {.texts = {"one"}}).ok());
  std::string packet(1000, '\0');
  const auto size = ::recv(theirs_.get(), packet.data(), packet.size(), 0);
  ASSERT_GT(size, 8);
  packet.replace(4, 4, "\xff\xff\xff\xff");
  ASSERT_EQ(::send(ours_.get(), packet.data(), static_cast<std::size_t>(size), 0), size);
  EXPECT_FALSE(protocol::receive(theirs_.get()).ok());
}

Plan full_plan() {
  return {.label = "run-17/build",
          .root = RootKind::image,
          .image = {.lower = {"/top", "/base"}, .upper = "/upper", .work = "/work"},
          .mounts = {{.source = "/a b", .target = "/b", .access = Access::read_write},
                     {.kind = MountKind::tmpfs, .target = "/t", .tmpfs_bytes = 4096}},
          .network = NetworkMode::isolated,
          .limits = {.open_files = 77},
          .hostname = "builder",
          .uid = 1000,
          .gid = 1001,
          .id_slot = 3,
          .supplementary_hidden = {"/secret"}};
}

TEST(SettingText, CarriesWhatTheForkServerNeeds) {
  const Setting given{
      .plan = full_plan(), .resolv_conf = "nameserver 1\n", .hosts = "\"1\" a\n", .privileged = true};
  const auto read = parse_setting(to_text(given));
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_TRUE(read->plan == given.plan) << to_text(*read);
  EXPECT_EQ(read->resolv_conf, given.resolv_conf);
  EXPECT_EQ(read->hosts, given.hosts);
  EXPECT_TRUE(read->privileged);
}

TEST(SettingText, IsRefusedWhenItIsNone) {
  EXPECT_FALSE(parse_setting("").ok());
  EXPECT_FALSE(parse_setting("{").ok());
}

}  // namespace
}  // namespace sandbox
