#include "base/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/listening_socket.h"
#include "tests/unit/base/raw_client.h"

namespace base {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::unique_ptr<HttpServer> serve(RequestHandler handler) {
  auto server = HttpServer::start("127.0.0.1", 0, std::move(handler));
  EXPECT_TRUE(server.ok()) << (server.ok() ? "" : server.error().to_string());
  return std::move(server).value();
}

ServerResponse text(std::string body, int status = 200) {
  return {.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}

std::string ask(const HttpServer& server, std::string_view request) {
  RawClient client(server.port());
  EXPECT_TRUE(client.send(request));
  return client.receive_all();
}

TEST(HttpServer, GivesTheTargetAsSentAndThePathDecoded) {
  auto server = serve([](const ServerRequest& request) {
    return text(request.target + "|" + request.path + "|" + request.query + "|" +
                request.query_value("b").value_or("-"));
  });
  EXPECT_THAT(
      ask(*server, "GET /a%20b//c%2Fd/?a=1&b=x+y%21 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
      EndsWith("\r\n\r\n/a%20b//c%2Fd/?a=1&b=x+y%21|/a b//c/d/|a=1&b=x+y%21|x y!"));
}

TEST(HttpServer, GivesEveryHeaderAndTheRemoteAddress) {
  auto server = serve([](const ServerRequest& request) {
    EXPECT_EQ(request.headers.count("remote_addr"), 0U);
    return text(header_value(request.headers, "x-one").value_or("-") + "," +
                header_value(request.headers, "ACCEPT-encoding").value_or("-") + "," +
                header_value(request.headers, "range").value_or("-") + "," + request.remote_address);
  });
  EXPECT_THAT(ask(*server,
                  "GET / HTTP/1.1\r\nX-One: 1\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\n"
                  "Connection: close\r\n\r\n"),
              EndsWith("\r\n\r\n1,gzip,bytes=0-1,127.0.0.1"));
}

TEST(HttpServer, GivesHeaderFieldsAsSent) {
  auto server = serve([](const ServerRequest& request) {
    return text(header_value(request.headers, "X-Source").value_or("-") + "," +
                (request.headers.count("X-Empty") == 1 ? "empty" : "lost"));
  });
  EXPECT_THAT(ask(*server, "GET / HTTP/1.1\r\nX-Source:  a%2Fb c \r\nX-Empty:\r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\na%2Fb c,empty"));
}

TEST(HttpServer, NeitherCutsNorPacksAnAnswerByItself) {
  auto server = serve([](const ServerRequest&) { return text("0123456789"); });
  const auto answer = ask(*server,
                          "GET / HTTP/1.1\r\nRange: bytes=2-3\r\nAccept-Encoding: gzip, br\r\n"
                          "Connection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n0123456789"));
}

TEST(HttpServer, GivesPackedAndMultipartBodiesAsTheyCame) {
  auto server = serve([](const ServerRequest& request) { return text(*request.body()); });
  for (const auto* headers :
       {"Content-Encoding: gzip\r\n", "Content-Type: multipart/form-data; boundary=x\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n"}) {
    EXPECT_THAT(ask(*server, std::string("POST / HTTP/1.1\r\nContent-Length: 4\r\nConnection: close\r\n") +
                                 headers + "\r\na=%b"),
                EndsWith("\r\n\r\na=%b"))
        << headers;
  }
}

TEST(HttpServer, ReadsBodiesOfEveryMethod) {
  auto server =
      serve([](const ServerRequest& request) { return text(request.method + ":" + *request.body()); });
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    EXPECT_THAT(ask(*server, method + " / HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"),
                EndsWith("\r\n\r\n" + method + ":abc"));
  }
}

TEST(HttpServer, ReadsAChunkedBodyWithExtensionsAndTrailers) {
  auto server = serve([](const ServerRequest& request) { return text(*request.body()); });
  EXPECT_THAT(ask(*server,
                  "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                  "3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n"),
              EndsWith("\r\n\r\nabcdefg"));
}

TEST(HttpServer, RefusesBodiesWhoseLengthIsInDoubt) {
  std::atomic<int> handled = 0;
  auto server = serve([&](const ServerRequest&) {
    ++handled;
    return text("");
  });
  for (const auto* headers : {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: x\r\n",
                              "Content-Length: -1\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n",
                              "Transfer-Encoding: gzip\r\n"}) {
    EXPECT_THAT(ask(*server, std::string("POST / HTTP/1.1\r\n") + headers + "\r\nabc"),
                StartsWith("HTTP/1.1 400 "))
        << headers;
  }
  EXPECT_EQ(handled, 0);
}

TEST(HttpServer, TellsAHandlerThatABodyWasCutShort) {
  std::atomic<bool> failed = false;
  auto server = serve([&](const ServerRequest& request) {
    failed = !request.body().ok();
    return text("");
  });
  {
    RawClient client(server->port());
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n");
    client.receive_all();
  }
  EXPECT_TRUE(failed);
}

TEST(HttpServer, LimitsABodyAndAnswersWhileTheRestIsStillComing) {
  auto server = serve([](const ServerRequest& request) {
    auto body = request.body(1000);
    EXPECT_FALSE(body.ok());
    return text(body.ok() ? "" : body.error().message, 413);
  });
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n" + std::string(1'000'000, 'x'));
  const auto answer = client.receive_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("larger than 1000 B"));
}

TEST(HttpServer, ReadsAwayASmallBodyThatNobodyWantedAndKeepsTheConnection) {
  auto server = serve([](const ServerRequest& request) { return text(request.path); });
  RawClient client(server->port());
  client.send(
      "POST /one HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET GET /two HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.receive_until("/one"), EndsWith("/one"));
  EXPECT_THAT(client.receive_all(), EndsWith("/two"));
}

TEST(HttpServer, AnswersHeadWithTheLengthOfTheThingAndNoBody) {
  auto server = serve([](const ServerRequest& request) {
    if (request.path == "/stream") {
      return ServerResponse{.stream = [](std::uint64_t) { return "never read"; },
                            .stream_size = 5'000'000'000};
    }
    if (request.path == "/said") return ServerResponse{.headers = {{"Content-Length", "77"}}};
    return text("0123456789");
  });
  const auto head = [&](const std::string& path) {
    return ask(*server, "HEAD " + path + " HTTP/1.1\r\nConnection: close\r\n\r\n");
  };
  EXPECT_THAT(head("/"), HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(head("/"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(head("/stream"), HasSubstr("Content-Length: 5000000000\r\n"));
  EXPECT_THAT(head("/stream"), EndsWith("\r\n\r\n"));
  EXPECT_THAT(head("/said"), HasSubstr("Content-Length: 77\r\n"));
  EXPECT_THAT(head("/said"), Not(HasSubstr("Content-Length: 0")));
}

TEST(HttpServer, StreamsAnAnswerPieceByPiece) {
  auto server = serve([](const ServerRequest&) {
    return ServerResponse{.stream =
                              [](std::uint64_t offset) {
                                return std::string(std::min<std::uint64_t>(100'000, 3'000'000 - offset), 'a');
                              },
                          .stream_size = 3'000'000};
  });
  const auto answer = ask(*server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer.substr(0, 400), HasSubstr("Content-Length: 3000000\r\n"));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 3'000'000U);
}

TEST(HttpServer, ClosesWhenAStreamEndsTooEarly) {
  auto server = serve([](const ServerRequest&) {
    return ServerResponse{
        .stream = [](std::uint64_t offset) { return std::string(offset == 0 ? "abc" : ""); },
        .stream_size = 10};
  });
  EXPECT_THAT(ask(*server, "GET / HTTP/1.1\r\n\r\n"), EndsWith("\r\n\r\nabc"));
}

TEST(HttpServer, SendsErrorsWithoutAPageOfItsOwn) {
  auto server = serve([](const ServerRequest&) { return ServerResponse{.status = 404}; });
  const auto answer = ask(*server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, LetsNoHandlerAddAHeaderByALineBreak) {
  auto server = serve([](const ServerRequest&) {
    return ServerResponse{.headers = {{"X-Good", "1"}, {"X-Bad", "1\r\nSet-Cookie: evil"}}, .body = "b"};
  });
  const auto answer = ask(*server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("X-Good: 1\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("evil")));
}

TEST(HttpServer, SurvivesAHandlerThatThrows) {
  auto server = serve([](const ServerRequest& request) -> ServerResponse {
    if (request.path == "/bad") throw std::runtime_error("a secret reason");
    return text("fine");
  });
  const auto answer = ask(*server, "GET /bad HTTP/1.1\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("secret reason")));
  EXPECT_THAT(ask(*server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), EndsWith("fine"));
}

TEST(HttpServer, HangsUpOnWhatIsNoHttp) {
  std::atomic<int> handled = 0;
  auto server = serve([&](const ServerRequest&) {
    ++handled;
    return text("");
  });
  EXPECT_THAT(ask(*server, "\x16\x03\x01 what\r\n\r\nGET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  RawClient endless(server->port());
  const std::string line = "X-Header: " + std::string(1000, 'x') + "\r\n";
  bool sent = endless.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 1000 && sent; ++i) sent = endless.send(line);
  endless.receive_all();
  RawClient one_line(server->port());
  one_line.send("GET /" + std::string(1'000'000, 'x'));
  one_line.receive_all();
  EXPECT_EQ(handled, 0);
}

TEST(HttpServer, ServesManyConnectionsAtOnce) {
  constexpr int kClients = 40;
  std::atomic<int> inside = 0;
  auto server = serve([&](const ServerRequest&) {
    ++inside;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (inside < kClients && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    return text("met");
  });
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    ASSERT_TRUE(clients.back()->send("GET / HTTP/1.1\r\n\r\n"));
  }
  for (auto& client : clients) EXPECT_THAT(client->receive_until("met"), EndsWith("met"));
  EXPECT_EQ(inside, kClients);
}

TEST(HttpServer, SaysWhoseAPortIsThatIsTaken) {
  auto first = serve([](const ServerRequest&) { return text("first"); });
  const auto second =
      HttpServer::start("127.0.0.1", first->port(), [](const ServerRequest&) { return text("second"); });
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message,
              StartsWith("address already in use: 127.0.0.1:" + std::to_string(first->port()) +
                         "; another process listens there"));
}

TEST(HttpServer, SaysThatAnAddressIsNotOfThisMachine) {
  const auto server = HttpServer::start("192.0.2.1", 0, [](const ServerRequest&) { return text(""); });
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(server.error().message, HasSubstr("no interface of this machine"));
  EXPECT_FALSE(HttpServer::start("not an address", 0, [](const ServerRequest&) { return text(""); }).ok());
}

TEST(HttpServer, FreesItsPortAndEndsSoonWithIdleAndHalfSentRequestsOpen) {
  auto server = serve([](const ServerRequest&) { return text("kept"); });
  const auto port = server->port();
  RawClient idle(port);
  idle.send("GET / HTTP/1.1\r\n\r\n");
  idle.receive_until("kept");
  RawClient silent(port);
  RawClient half(port);
  half.send("GET / HT");
  RawClient uploading(port);
  uploading.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  const auto start = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));
  EXPECT_FALSE(RawClient(port).connected());
  EXPECT_TRUE(HttpServer::start("127.0.0.1", port, [](const ServerRequest&) { return text(""); }).ok());
}

TEST(HttpServer, LetsARequestUnderWayFinishWhenItStops) {
  std::atomic<bool> entered = false;
  std::atomic<bool> release = false;
  auto server = serve([&](const ServerRequest&) {
    entered = true;
    while (!release) std::this_thread::yield();
    return text("finished");
  });
  RawClient client(server->port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  while (!entered) std::this_thread::yield();
  std::thread stopping([&] { server.reset(); });
  release = true;
  EXPECT_THAT(client.receive_all(), EndsWith("finished"));
  stopping.join();
}

TEST(HttpServer, ServesOtherSocketsUntilItIsToldNotTo) {
  auto server = serve([](const ServerRequest&) { return text("served"); });
  auto socket = listen_on("127.0.0.1", 0);
  ASSERT_TRUE(socket.ok());
  const auto port = port_of(socket->get());
  const auto number = server->also_listen(std::move(*socket));
  ASSERT_TRUE(number.ok());
  RawClient client(port);
  client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.receive_all(), EndsWith("served"));
  server->stop_listening(*number);
  while (RawClient(port).connected()) std::this_thread::yield();
  EXPECT_THAT(ask(*server, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), EndsWith("served"));
}

TEST(HttpServer, SendsWhatComesToBeAsItComes) {
  auto server = serve([](const ServerRequest&) {
    ServerResponse answer{.headers = {{"Content-Type", "text/event-stream"}}};
    answer.pour = [](const auto& write) {
      for (const auto* piece : {"one\n", "two\n"}) EXPECT_TRUE(write(piece));
    };
    return answer;
  });
  const auto answer = ask(*server, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"));
}

TEST(ParseQuery, KeepsOrderAndDecodes) {
  EXPECT_THAT(
      parse_query("a=1&&b=x+y%2B&c&=d&a=2"),
      ElementsAre(std::pair<std::string, std::string>("a", "1"),
                  std::pair<std::string, std::string>("b", "x y+"),
                  std::pair<std::string, std::string>("c", ""), std::pair<std::string, std::string>("", "d"),
                  std::pair<std::string, std::string>("a", "2")));
  EXPECT_TRUE(parse_query("").empty());
}

}  // namespace
}  // namespace base
