#include "base/unix_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <gmock/gmock.h>

#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

using UnixSocketTest = FolderTest;

TEST_F(UnixSocketTest, ListensInAFolderWhosePathIsTooLongForASocket) {
  const auto deep = folder_.path() / std::string(100, 'a') / std::string(100, 'b');
  ASSERT_TRUE(make_directories(deep));
  const auto listener = listen_at(deep / "socket", 4);
  ASSERT_TRUE(listener) << listener.error().to_string();
  const auto folder = open_directory(deep);
  ASSERT_TRUE(folder);
  const auto client = connect_to("/proc/self/fd/" + std::to_string(folder->get()) + "/socket", Blocking::yes);
  ASSERT_TRUE(client) << client.error().to_string();
  pollfd asked{listener->get(), POLLIN, 0};
  ASSERT_EQ(::poll(&asked, 1, 10'000), 1);
  const Fd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(write_all(client->get(), "hello"));
  char got[5];
  ASSERT_EQ(::recv(server.get(), got, sizeof got, MSG_WAITALL), 5);
  EXPECT_EQ(std::string_view(got, 5), "hello");
}

TEST_F(UnixSocketTest, TakesThePlaceOfASocketThatNobodyListensAtAnyMore) {
  const auto path = folder_.path() / "socket";
  ASSERT_TRUE(listen_at(path, 4));
  const auto deserted = connect_to(path, Blocking::yes);
  ASSERT_FALSE(deserted);
  EXPECT_THAT(deserted.error().message, testing::HasSubstr("connecting to " + path.string()));
  const auto again = listen_at(path, 4);
  ASSERT_TRUE(again);
  EXPECT_TRUE(connect_to(path, Blocking::yes));
}

TEST_F(UnixSocketTest, RefusesPathsThatNoAddressHolds) {
  for (const auto& path : {Path(), Path("/" + std::string(200, 'x'))}) {
    const auto connected = connect_to(path, Blocking::yes);
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().kind, ErrorKind::invalid_input);
    EXPECT_THAT(connected.error().message, testing::StartsWith("a socket's path has 1 to 107 bytes"));
  }
}

}  // namespace
}  // namespace base
