#include "steps/agent_offer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/files.h"
#include "base/unix_socket.h"
#include "steps/docker_protocol.h"

namespace steps {
namespace {

using testing::HasSubstr;

base::Fd accept_from(int listener) {
  pollfd asked{listener, POLLIN, 0};
  EXPECT_EQ(poll(&asked, 1, 10'000), 1);
  return base::Fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

TEST(AgentOffer, HandsOverConnections) {
  const auto folder = base::TempDir::create("agent");
  ASSERT_TRUE(folder.ok());
  const auto path = (folder->path() / "agent").string();
  const auto listener = base::listen_at(path, 8);
  ASSERT_TRUE(listener.ok());
  auto offer = AgentOffer::start(path);
  ASSERT_TRUE(offer.ok());
  accept_from(listener->get());  // whether there is an agent
  const auto end = (*offer)->take_other_end();
  const auto connect = agent_offered_at(end.get());
  for (const char* said : {"one", "two"}) {
    const auto connection = connect();
    ASSERT_TRUE(connection.ok());
    const auto agent = accept_from(listener->get());
    ASSERT_EQ(send(connection->get(), said, 3, 0), 3);
    char heard[3];
    ASSERT_EQ(recv(agent.get(), heard, 3, MSG_WAITALL), 3);
    EXPECT_EQ(std::string_view(heard, 3), said);
  }
  offer->reset();
  EXPECT_FALSE(connect().ok());
}

TEST(AgentOffer, NeedsAnAgent) {
  const auto offer = AgentOffer::start("/nowhere");
  ASSERT_FALSE(offer.ok());
  EXPECT_THAT(offer.error().to_string(), HasSubstr("reaching the ssh agent"));
}

TEST(AgentOffer, TakesNothingButAConnection) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const base::Fd runner(ends[0]);
  const base::Fd step(ends[1]);
  std::vector<base::Fd> files;
  files.emplace_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(send_request(step.get(), "connect", files).ok());
  const auto taken = agent_offered_at(runner.get())();
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().to_string(), HasSubstr("cannot be reached"));
}

}  // namespace
}  // namespace steps
