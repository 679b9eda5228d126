#include "base/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "base/http_server.h"
#include "base/listening_socket.h"

namespace base {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CurlHttpClient : public ::testing::Test {
 protected:
  /// Starts the server; the URL of `path` on it.
  std::string serve(RequestHandler handler, const std::string& path = "/") {
    auto started = HttpServer::start("127.0.0.1", 0, std::move(handler));
    EXPECT_TRUE(started.ok());
    server_ = std::move(started).value();
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }

  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_ = make_curl_http_client();
};

ServerResponse echo(const ServerRequest& request) {
  auto body = request.body();
  return {.headers = {{"X-Method", request.method},
                      {"X-Type", header_value(request.headers, "Content-Type").value_or("none")},
                      {"X-Length", header_value(request.headers, "Content-Length").value_or("none")},
                      {"X-Expect", header_value(request.headers, "Expect").value_or("none")},
                      {"X-Empty", request.headers.count("X-Mine") > 0 ? "sent" : "missing"}},
          .body = body.ok() ? *body : body.error().message};
}

TEST_F(CurlHttpClient, SendsABodyAndReadsStatusHeadersAndBody) {
  const auto url = serve(echo);
  const auto answer = client_->send({.method = "POST",
                                     .url = url,
                                     .headers = {{"Content-Type", "application/json"}, {"X-Mine", ""}},
                                     .body = "{\"a\":1}"});
  ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "{\"a\":1}");
  EXPECT_EQ(header_value(answer->headers, "x-method"), "POST");
  EXPECT_EQ(header_value(answer->headers, "x-type"), "application/json");
  EXPECT_EQ(header_value(answer->headers, "x-empty"), "sent");
}

TEST_F(CurlHttpClient, SendsNoExpectAndNoContentTypeOfItsOwn) {
  const auto url = serve(echo);
  const auto answer = client_->send({.method = "PUT", .url = url, .body = std::string(2'000'000, 'x')});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(header_value(answer->headers, "X-Expect"), "none");
  EXPECT_EQ(header_value(answer->headers, "X-Type"), "none");
  EXPECT_EQ(answer->body.size(), 2'000'000U);
}

TEST_F(CurlHttpClient, SendsTheLengthOfAnEmptyPost) {
  const auto url = serve(echo);
  const auto answer = client_->send({.method = "POST", .url = url});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(header_value(answer->headers, "X-Length"), "0");
}

TEST_F(CurlHttpClient, StreamsABodyFromItsSourceWithAndWithoutALength) {
  const auto url = serve(echo);
  for (const bool with_length : {true, false}) {
    std::size_t left = 1'000'000;
    HttpRequest request{.method = "PUT", .url = url};
    request.body_source = [&](char* buffer, std::size_t size) -> Result<std::size_t> {
      const auto count = std::min(left, size);
      std::fill(buffer, buffer + count, 'z');
      left -= count;
      return count;
    };
    if (with_length) request.body_size = left;
    const auto answer = client_->send(request);
    ASSERT_TRUE(answer.ok()) << answer.error().to_string();
    EXPECT_EQ(answer->body, std::string(1'000'000, 'z'));
    EXPECT_EQ(header_value(answer->headers, "X-Length"), with_length ? "1000000" : "none");
  }
}

TEST_F(CurlHttpClient, GivesBackTheErrorOfABodySource) {
  const auto url = serve(echo);
  HttpRequest request{.method = "PUT", .url = url};
  request.body_source = [](char*, std::size_t) -> Result<std::size_t> {
    return make_error(ErrorKind::not_found, "the layer is gone");
  };
  const auto answer = client_->send(request);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().message, "the layer is gone");
}

TEST_F(CurlHttpClient, GivesA2xxBodyToTheSinkAndKeepsThatOfAnError) {
  const auto url = serve([](const ServerRequest& request) {
    return ServerResponse{.status = request.path == "/bad" ? 500 : 200, .body = "content"};
  });
  std::string taken;
  HttpRequest request{.url = url};
  request.body_sink = [&](std::string_view piece) {
    taken += piece;
    return true;
  };
  auto answer = client_->send(request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(taken, "content");
  EXPECT_EQ(answer->body, "");
  request.url = url + "bad";
  answer = client_->send(request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(taken, "content");
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(answer->body, "content");
  request.url = url;
  request.body_sink = [](std::string_view) { return false; };
  EXPECT_FALSE(client_->send(request).ok());
}

TEST_F(CurlHttpClient, RefusesAnAnswerThatIsTooLarge) {
  const auto url =
      serve([](const ServerRequest&) { return ServerResponse{.body = std::string(100'000, 'x')}; });
  const auto answer = client_->send({.url = url + "?token=secret", .max_response_bytes = 99'999});
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.error().message, HasSubstr("more than 97.7 KiB"));
  EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
  EXPECT_TRUE(client_->send({.url = url, .max_response_bytes = 100'000}).ok());
}

TEST_F(CurlHttpClient, AnswersHeadWithTheLengthAndWithoutABody) {
  const auto url = serve([](const ServerRequest&) { return ServerResponse{.body = "12345"}; });
  const auto answer = client_->send({.method = "HEAD", .url = url});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(header_value(answer->headers, "Content-Length"), "5");
  EXPECT_EQ(answer->body, "");
}

TEST_F(CurlHttpClient, FollowsRedirectsOnlyWhenAsked) {
  const auto url = serve([](const ServerRequest& request) {
    if (request.path == "/there") return ServerResponse{.body = "arrived"};
    return ServerResponse{.status = 307, .headers = {{"Location", "/there"}, {"X-First", "1"}}};
  });
  const auto stayed = client_->send({.url = url});
  ASSERT_TRUE(stayed.ok());
  EXPECT_EQ(stayed->status, 307);
  const auto followed = client_->send({.url = url, .follow_redirects = true});
  ASSERT_TRUE(followed.ok());
  EXPECT_EQ(followed->body, "arrived");
  EXPECT_EQ(header_value(followed->headers, "X-First"), std::nullopt);
}

TEST_F(CurlHttpClient, NamesHostAndPortAndNoSecretWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    const auto socket = listen_on("127.0.0.1", 0);
    ASSERT_TRUE(socket.ok());
    port = port_of(socket->get());
  }
  const auto answer = client_->send(
      {.url = "http://user:hunter2@127.0.0.1:" + std::to_string(port) + "/x?X-Amz-Signature=abc"});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("http://127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(answer.error().message, HasSubstr("is the server up"));
  EXPECT_THAT(answer.error().message, Not(HasSubstr("hunter2")));
  EXPECT_THAT(answer.error().message, Not(HasSubstr("abc")));
}

TEST_F(CurlHttpClient, CallsWhatIsNoUrlInvalidInput) {
  for (const std::string url : {"", "file:///etc/passwd", "http://", "http://a b/"}) {
    const auto answer = client_->send({.url = url});
    ASSERT_FALSE(answer.ok()) << url;
    EXPECT_EQ(answer.error().kind, ErrorKind::invalid_input) << url << ": " << answer.error().message;
  }
}

TEST_F(CurlHttpClient, SendsNoHeaderThatHidesAnotherOne) {
  std::atomic<int> requests = 0;
  const auto url = serve([&](const ServerRequest&) {
    ++requests;
    return ServerResponse{};
  });
  EXPECT_FALSE(client_->send({.url = url, .headers = {{"X-Name", "v\r\nX-Other: w"}}}).ok());
  EXPECT_FALSE(client_->send({.url = url, .headers = {{"X-Name: v\r\nX-Other", "w"}}}).ok());
  EXPECT_FALSE(client_->send({.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET", .url = url}).ok());
  EXPECT_EQ(requests, 0);
}

TEST_F(CurlHttpClient, StopsWhenTimeIsOver) {
  const auto socket = listen_on("127.0.0.1", 0);  // takes connections into its backlog and never answers
  ASSERT_TRUE(socket.ok());
  const auto answer = client_->send({.url = "http://127.0.0.1:" + std::to_string(port_of(socket->get())),
                                     .timeout = std::chrono::milliseconds(50)});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("50ms in all"));
}

TEST_F(CurlHttpClient, StopsWhenAskedTo) {
  std::stop_source stop;
  const auto url = serve([&](const ServerRequest&) {
    stop.request_stop();
    return ServerResponse{.stream = [](std::uint64_t) { return std::string(1000, 'x'); },
                          .stream_size = 1ULL << 40};
  });
  auto answer = client_->send({.url = url, .max_response_bytes = SIZE_MAX, .stop = stop.get_token()});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
  answer = client_->send({.url = url, .stop = stop.get_token()});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
}

TEST_F(CurlHttpClient, ReturnsAnEarlyAnswerToAnUploadThatWasNotRead) {
  const auto url =
      serve([](const ServerRequest&) { return ServerResponse{.status = 401, .body = "who are you"}; });
  const auto answer = client_->send({.method = "PUT", .url = url, .body = std::string(20'000'000, 'x')});
  ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  EXPECT_EQ(answer->status, 401);
}

TEST_F(CurlHttpClient, NeverAsksAProxyForLoopback) {
  const auto url = serve([](const ServerRequest&) { return ServerResponse{.body = "direct"}; });
  ASSERT_EQ(::setenv("http_proxy", "http://192.0.2.1:9", 1), 0);
  ASSERT_EQ(::setenv("no_proxy", "example.org", 1), 0);
  const auto by_address = client_->send({.url = url, .connect_timeout = std::chrono::milliseconds(200)});
  const auto by_name = client_->send({.url = "http://localhost:" + std::to_string(server_->port()) + "/",
                                      .connect_timeout = std::chrono::milliseconds(200)});
  const auto elsewhere =
      client_->send({.url = "http://example.com/", .timeout = std::chrono::milliseconds(50)});
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  EXPECT_TRUE(by_address.ok());
  EXPECT_TRUE(by_name.ok());
  EXPECT_FALSE(elsewhere.ok()) << "a proxy of the environment is used for other hosts";
}

TEST_F(CurlHttpClient, MayBeUsedFromSeveralThreadsAtOnce) {
  const auto url = serve([](const ServerRequest& request) { return ServerResponse{.body = request.query}; });
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 20; ++i) {
        const std::string query = std::to_string(thread * 100 + i);
        const auto answer = client_->send({.url = url + "?" + query});
        if (answer.ok() && answer->body == query) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 160);
}

}  // namespace
}  // namespace base
