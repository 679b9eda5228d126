#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/strings.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

/// A listening port of the host.
class NetworkTest : public SandboxTest {
 protected:
  NetworkTest() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    EXPECT_EQ(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string knock() const {
    return "(exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port_) +
           ") 2>/dev/null && echo reached || echo refused";
  }
  base::Fd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port_ = 0;
};

TEST_F(NetworkTest, OfTheHostReachesTheHost) {
  auto sandbox = make({.network = NetworkMode::host});
  EXPECT_EQ(output_of(*sandbox, knock()), "reached\n");
}

TEST_F(NetworkTest, ThatIsIsolatedDoesNotReachTheHost) {
  auto sandbox = make({.network = NetworkMode::isolated});
  EXPECT_EQ(output_of(*sandbox, knock()), "refused\n");
  EXPECT_EQ(output_of(*sandbox, "tail -n +3 /proc/net/dev | cut -d : -f 1 | tr -d ' '"), "lo\n");
}

TEST_F(NetworkTest, ThatIsIsolatedIsAnotherForEachSandbox) {
  auto first = make({.network = NetworkMode::isolated});
  auto second = make({.network = NetworkMode::isolated});
  const auto listens = first->listen("127.0.0.1", port_);
  ASSERT_TRUE(listens.ok()) << listens.error().to_string();
  EXPECT_EQ(output_of(*first, knock()), "reached\n");
  EXPECT_EQ(output_of(*second, knock()), "refused\n");
}

TEST_F(NetworkTest, ThatIsIsolatedBindsSmallPorts) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can always map more than one id";
  auto sandbox = make({.network = NetworkMode::isolated, .uid = 1000, .gid = 1000});
  EXPECT_EQ(
      output_of(*sandbox, python("import socket\nsocket.create_server(('127.0.0.1', 80))\nprint('bound')")),
      "bound\n");
}

TEST_F(NetworkTest, SaysThatNobodyListens) {
  auto sandbox = make({.network = NetworkMode::isolated});
  const auto connection = sandbox->connect(81);
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error().kind, base::ErrorKind::unavailable);
  EXPECT_EQ(connection.error().message, "connecting to port 81 in the sandbox: Connection refused");
}

TEST_F(NetworkTest, ConnectsToWhatItListensOnItself) {
  auto sandbox = make({.network = NetworkMode::isolated});
  const auto listens = sandbox->listen("127.0.0.1", 4100);
  ASSERT_TRUE(listens.ok());
  const auto client = sandbox->connect(4100);
  ASSERT_TRUE(client.ok()) << client.error().to_string();
  const base::Fd accepted(::accept(listens->get(), nullptr, nullptr));
  ASSERT_TRUE(base::write_all(accepted.get(), "hello").ok());
  char text[5];
  EXPECT_EQ(::recv(client->get(), text, sizeof text, MSG_WAITALL), 5);
  EXPECT_EQ(std::string(text, 5), "hello");
}

TEST_F(NetworkTest, SaysWhyItCannotListen) {
  auto sandbox = make({.network = NetworkMode::isolated});
  EXPECT_FALSE(sandbox->listen("no address", 4100).ok());
  EXPECT_FALSE(sandbox->listen("192.0.2.1", 4100).ok());
  const auto first = sandbox->listen("127.0.0.1", 4100);
  ASSERT_TRUE(first.ok());
  const auto second = sandbox->listen("127.0.0.1", 4100);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "listening on 127.0.0.1:4100 in the sandbox: Address already in use");
}

}  // namespace
}  // namespace sandbox
