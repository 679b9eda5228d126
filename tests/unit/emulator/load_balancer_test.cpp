#include "emulator/load_balancer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>

#include "base/json.h"
#include "tests/unit/base/raw_client.h"
#include "tests/unit/emulator/backend.h"

namespace emulator {
namespace {

base::Result<base::Fd> dial_loopback(const std::string&, std::uint16_t port) {
  base::Fd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return base::system_error("connect", errno);
  return socket_fd;
}

class LoadBalancerTest : public testing::Test {
 protected:
  LoadBalancerTest() : group_(std::make_shared<TargetGroup>(dial_loopback, check(), 300)) {
    group_->set_in_use(true);
    front_ = start();
  }

  static HealthCheckSettings check() {
    HealthCheckSettings settings;
    settings.interval_seconds = 0.05;
    settings.timeout_seconds = 1;
    settings.thresholds = {.healthy = 1, .unhealthy = 1};
    return settings;
  }
  std::unique_ptr<ListenerServer> start() {
    auto started = ListenerServer::start(0, [group = group_](const RequestHead&) {
      return RouteDecision{group, std::nullopt};
    });
    EXPECT_TRUE(started.ok());
    return std::move(*started);
  }
  void add(const Backend& backend, TargetState expected = TargetState::healthy) {
    const TargetId id{"127.0.0.1", backend.port()};
    group_->register_target(id);
    EXPECT_TRUE(eventually([&] { return group_->health_of(id).state == expected; }));
  }
  [[nodiscard]] std::string ask(const std::string& request) const {
    base::RawClient client(front_->port());
    client.send(request);
    return client.receive_all();
  }
  [[nodiscard]] std::string get(const std::string& path = "/") const {
    return ask("GET " + path + " HTTP/1.1\r\nHost: items.test\r\nConnection: close\r\n\r\n");
  }

  std::shared_ptr<TargetGroup> group_;
  std::unique_ptr<ListenerServer> front_;
};

TEST_F(LoadBalancerTest, PassesARequestOnAndSaysForWhom) {
  Backend backend("hello");
  add(backend);
  const std::string answer = get("/items?x=1");
  EXPECT_EQ(answer.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello"));
  ASSERT_EQ(backend.requests().size(), 1U);
  const std::string head = backend.requests()[0];
  EXPECT_EQ(head.substr(0, 26), "GET /items?x=1 HTTP/1.1\r\nH");
  EXPECT_NE(head.find("\r\nHost: items.test\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nX-Forwarded-For: 127.0.0.1\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nX-Forwarded-Proto: http\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nX-Amzn-Trace-Id: Root=1-"), std::string::npos);
}

TEST_F(LoadBalancerTest, DoesNotLetAClientForgeWhereItComesFrom) {
  Backend backend("hello");
  add(backend);
  (void)ask(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.9.8.7\r\nX-Forwarded-Proto: https\r\n"
      "Connection: close, X-Forwarded-For\r\n\r\n");
  const std::string head = backend.requests().at(0);
  EXPECT_EQ(head.find("https"), std::string::npos);
  EXPECT_NE(head.find("127.0.0.1\r\n"), std::string::npos);
}

TEST_F(LoadBalancerTest, TakesTheHealthyTargetsInTurn) {
  Backend one("one");
  Backend two("two");
  Backend sick("sick");
  sick.health = 500;
  add(one), add(two), add(sick, TargetState::unhealthy);
  for (int i = 0; i < 10; ++i) (void)get();
  EXPECT_EQ(one.requests().size(), 5U);
  EXPECT_EQ(two.requests().size(), 5U);
  EXPECT_TRUE(sick.requests().empty());
}

TEST_F(LoadBalancerTest, UsesAnyTargetWhenNoneIsHealthy) {
  Backend sick("still here");
  sick.health = 500;
  add(sick, TargetState::unhealthy);
  EXPECT_TRUE(get().ends_with("still here"));
}

TEST_F(LoadBalancerTest, Answers503WithoutTargets) {
  EXPECT_EQ(get().substr(0, 12), "HTTP/1.1 503");
  EXPECT_EQ(front_->counters().answered_503, 1U);
}

TEST_F(LoadBalancerTest, Answers502WhenNoTargetTakesConnections) {
  std::uint16_t closed_port = 0;
  {
    const Backend gone("x");
    closed_port = gone.port();
  }
  group_->register_target({"127.0.0.1", closed_port});
  EXPECT_EQ(get().substr(0, 12), "HTTP/1.1 502");
}

TEST_F(LoadBalancerTest, AsksAnotherTargetWhenOneEndsWithoutAnAnswer) {
  Backend dying([](const std::string&, int) { return std::string(); });
  Backend good("good");
  add(dying), add(good);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(get().ends_with("good"));
  EXPECT_GT(front_->counters().retried, 0U);
}

TEST_F(LoadBalancerTest, NeverSendsAPostTwice) {
  Backend dying([](const std::string&, int socket) {
    (void)read_bytes(socket, 3);
    return std::string();
  });
  Backend good([](const std::string&, int socket) {
    (void)read_bytes(socket, 3);
    return ok_with("good");
  });
  add(dying), add(good);
  int failed = 0;
  for (int i = 0; i < 4; ++i) {
    const std::string answer =
        ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    failed += answer.starts_with("HTTP/1.1 502") ? 1 : 0;
  }
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(dying.requests().size() + good.requests().size(), 4U);
}

TEST_F(LoadBalancerTest, PassesTheTargetsOwnFailuresOn) {
  Backend failing([](const std::string&, int) {
    return "HTTP/1.1 500 Oh\r\nX-Reason: own\r\nContent-Length: 2\r\n\r\nno";
  });
  add(failing);
  const std::string answer = get();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 Oh\r\n"));
  EXPECT_NE(answer.find("X-Reason: own"), std::string::npos);
  EXPECT_EQ(group_->totals().by_class[5], 1U);
  EXPECT_EQ(front_->counters().retried, 0U);
}

TEST_F(LoadBalancerTest, ServesManyRequestsOverOneConnection) {
  Backend backend("hello");
  add(backend);
  base::RawClient client(front_->port());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_TRUE(client.receive_until("hello").ends_with("hello")) << i;
  }
  EXPECT_EQ(backend.requests().size(), 20U);
}

TEST_F(LoadBalancerTest, AnswersPipelinedRequestsInOrder) {
  Backend backend([](const std::string& head, int) { return ok_with(head.substr(4, 2)); });
  add(backend);
  const std::string answer =
      ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n"
          "Connection: close\r\n\r\n");
  EXPECT_LT(answer.find("\r\n\r\n/a"), answer.find("\r\n\r\n/b"));
}

TEST_F(LoadBalancerTest, CarriesLargeBodiesBothWays) {
  const std::string large(3'000'000, 'x');
  Backend backend([&](const std::string&, int socket) { return ok_with(read_bytes(socket, large.size())); });
  add(backend);
  base::RawClient client(front_->port());
  std::thread sender([&] {
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n" + large);
  });
  const std::string answer = client.receive_all();
  sender.join();
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + large));
}

TEST_F(LoadBalancerTest, CarriesChunksAndDecodesThemForOldClients) {
  Backend backend([](const std::string&, int) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  });
  add(backend);
  EXPECT_TRUE(get().ends_with("\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  const std::string old = ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\nabcde"));
  EXPECT_EQ(old.find("chunked"), std::string::npos);
}

TEST_F(LoadBalancerTest, SendsNoBodyForHead) {
  Backend backend([](const std::string&, int) { return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"; });
  add(backend);
  const std::string answer = ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 5"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(LoadBalancerTest, ConnectsBothSidesAfterAnUpgrade) {
  Backend backend([](const std::string& head, int socket) -> std::string {
    if (head.find("Upgrade: echo") == std::string::npos) return "";
    const std::string switched =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n";
    (void)::send(socket, switched.data(), switched.size(), MSG_NOSIGNAL);
    const std::string said = read_bytes(socket, 4);
    return said + said;
  });
  add(backend);
  base::RawClient client(front_->port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  EXPECT_TRUE(client.receive_until("\r\n\r\n").starts_with("HTTP/1.1 101"));
  client.send("ping");
  EXPECT_EQ(client.receive_until("pingping"), "pingping");
}

TEST_F(LoadBalancerTest, RefusesHostileRequestsAndNeverPassesThemOn) {
  Backend backend("hello");
  add(backend);
  for (const std::string& request : {
           std::string("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n0\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\n\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\n\r\n"),
           std::string("CONNECT example.test:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
           std::string("\0\1\2\3\r\n\r\n", 8),
           std::string("GET /") + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
           std::string("GET / HTTP/1.1\r\nHost: a\r\n") + std::string(100'000, 'a'),
           std::string("{\"json\": true}\r\n\r\n"),
       }) {
    EXPECT_TRUE(ask(request).starts_with("HTTP/1.1 400 ")) << testing::PrintToString(request.substr(0, 120));
  }
  EXPECT_TRUE(backend.requests().empty());
  EXPECT_TRUE(get().ends_with("hello")) << "it goes on serving";
}

TEST_F(LoadBalancerTest, EndsARequestWhoseChunksAreMalformed) {
  Backend backend([](const std::string&, int socket) {
    (void)read_bytes(socket, 1000);
    return std::string();
  });
  add(backend);
  base::RawClient client(front_->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n");
  EXPECT_EQ(client.receive_all().find("200"), std::string::npos);
}

TEST_F(LoadBalancerTest, Answers502ToWhatIsNotHttp) {
  for (const std::string& nonsense :
       {std::string("SSH-2.0-OpenSSH\r\n\r\n"), std::string("HTTP/1.1 99 X\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nX: ") + std::string(100'000, 'a') + "\r\n\r\n"}) {
    Backend backend([&](const std::string&, int) { return nonsense; });
    add(backend);
    EXPECT_TRUE(get().starts_with("HTTP/1.1 502 ")) << nonsense.substr(0, 60);
    group_ = std::make_shared<TargetGroup>(dial_loopback, check(), 300);
    group_->set_in_use(true);
    front_ = start();
  }
}

TEST_F(LoadBalancerTest, BreaksOffWhenTheTargetBreaksOffInItsBody) {
  Backend backend([](const std::string&, int) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nonly this";
  });
  add(backend);
  const std::string answer = get();
  EXPECT_NE(answer.find("Content-Length: 100"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("only this")) << "the client can see that something is missing";
}

TEST_F(LoadBalancerTest, FinishesWhatIsUnderWayWhileATargetDrains) {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;
  bool go_on = false;
  Backend slow([&](const std::string&, int) {
    std::unique_lock lock(mutex);
    asked = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
    return ok_with("slow but whole");
  });
  Backend other("other");
  add(slow);
  std::string answer;
  std::thread client([&] { answer = get(); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked; });
  }
  add(other);
  const TargetId id{"127.0.0.1", slow.port()};
  EXPECT_TRUE(group_->deregister_target(id));
  EXPECT_EQ(group_->health_of(id).state, TargetState::draining);
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(get().ends_with("other")) << "a draining target gets no new request";
  {
    const std::lock_guard lock(mutex);
    go_on = true;
    changed.notify_all();
  }
  client.join();
  EXPECT_TRUE(answer.ends_with("slow but whole"));
}

TEST_F(LoadBalancerTest, ForgetsATargetWhenItsDelayIsOverAndKeepsItsCounts) {
  Backend backend("hello");
  add(backend);
  (void)get();
  group_->change(check(), 0);
  const TargetId id{"127.0.0.1", backend.port()};
  EXPECT_TRUE(group_->deregister_target(id));
  EXPECT_EQ(group_->health_of(id).reason, "Target.NotRegistered");
  EXPECT_FALSE(group_->deregister_target(id));
  EXPECT_EQ(group_->totals().by_class[2], 1U);
  EXPECT_EQ(group_->status()["requests"], 1U);
}

TEST_F(LoadBalancerTest, ChecksTargetsOnlyWhileAListenerUsesTheGroup) {
  Backend backend("hello");
  group_->set_in_use(false);
  group_->register_target({"127.0.0.1", backend.port()});
  EXPECT_EQ(group_->health_of({"127.0.0.1", backend.port()}).reason, "Target.NotInUse");
  group_->set_in_use(true);
  EXPECT_TRUE(eventually([&] {
    return group_->health_of({"127.0.0.1", backend.port()}).state == TargetState::healthy;
  }));
}

TEST_F(LoadBalancerTest, SeesATargetFallSickAndRecover) {
  Backend backend("hello");
  add(backend);
  const TargetId id{"127.0.0.1", backend.port()};
  backend.health = 503;
  EXPECT_TRUE(eventually([&] { return group_->health_of(id).state == TargetState::unhealthy; }));
  EXPECT_EQ(group_->health_of(id).description, "Health checks failed with these codes: [503]");
  backend.health = 200;
  EXPECT_TRUE(eventually([&] { return group_->health_of(id).state == TargetState::healthy; }));
}

TEST_F(LoadBalancerTest, UsesConnectionsThatAnotherListenerLeft) {
  Backend backend("hello");
  add(backend);
  EXPECT_TRUE(get().ends_with("hello"));
  auto second = start();
  std::swap(front_, second);
  second.reset();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(get().ends_with("hello"));
}

TEST_F(LoadBalancerTest, EndsAtOnceThoughClientsAreSilent) {
  Backend backend("hello");
  add(backend);
  std::list<base::RawClient> silent;
  for (int i = 0; i < 20; ++i) {
    silent.emplace_back(front_->port());
    silent.back().send(i % 2 == 0 ? "" : "GET / HTT");
  }
  EXPECT_TRUE(get().ends_with("hello"));
  const auto begin = std::chrono::steady_clock::now();
  front_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(LoadBalancerTest, SaysWhichPortIsTaken) {
  const auto second =
      ListenerServer::start(front_->port(), [](const RequestHead&) { return RouteDecision{}; });
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().to_string().find(std::to_string(front_->port())), std::string::npos);
}

}  // namespace
}  // namespace emulator
