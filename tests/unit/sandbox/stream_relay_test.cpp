#include "sandbox/stream_relay.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/listening_socket.h"
#include "tests/unit/sandbox/sandbox_fixture.h"

namespace sandbox {
namespace {

base::Fd connected_to(std::uint16_t port) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

std::string read_to_end(int socket) {
  std::string all;
  char piece[4096];
  ssize_t count = 0;
  while ((count = ::read(socket, piece, sizeof piece)) > 0)
    all.append(piece, static_cast<std::size_t>(count));
  return all;
}

/// A relay from a port to another one, where the test listens.
class StreamRelayTest : public testing::Test {
 protected:
  StreamRelayTest() {
    auto listener = std::move(base::listen_on("127.0.0.1", 0)).value();
    port_ = base::port_of(listener.get());
    const auto target = base::port_of(target_.get());
    number_ =
        relay_
            ->add(std::move(listener), [target]() -> base::Result<base::Fd> { return connected_to(target); })
            .value();
  }
  base::Fd target_ = std::move(base::listen_on("127.0.0.1", 0)).value();
  std::unique_ptr<StreamRelay> relay_ = std::move(StreamRelay::start()).value();
  std::uint16_t port_ = 0;
  int number_ = 0;
};

TEST_F(StreamRelayTest, CarriesBothWaysAndPassesEachEndOn) {
  const auto near = connected_to(port_);
  const base::Fd far(::accept4(target_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const std::string question(3'000'000, 'q');
  std::thread asker([&] {
    EXPECT_TRUE(base::write_all(near.get(), question).ok());
    ::shutdown(near.get(), SHUT_WR);
  });
  EXPECT_EQ(read_to_end(far.get()), question);
  asker.join();
  EXPECT_TRUE(base::write_all(far.get(), "answer").ok());
  ::shutdown(far.get(), SHUT_WR);
  EXPECT_EQ(read_to_end(near.get()), "answer");
}

TEST_F(StreamRelayTest, RefusesWhereTheOtherSideCannotBeHad) {
  auto listener = std::move(base::listen_on("127.0.0.1", 0)).value();
  const auto port = base::port_of(listener.get());
  ASSERT_TRUE(relay_
                  ->add(std::move(listener),
                        []() -> base::Result<base::Fd> {
                          return base::make_error(base::ErrorKind::unavailable, "nobody");
                        })
                  .ok());
  const auto near = connected_to(port);
  char byte = 0;
  EXPECT_LE(::read(near.get(), &byte, 1), 0);
}

TEST_F(StreamRelayTest, GivesAPortBack) {
  relay_->remove(number_);
  EXPECT_TRUE(base::listen_on("127.0.0.1", port_).ok());
}

}  // namespace
}  // namespace sandbox
