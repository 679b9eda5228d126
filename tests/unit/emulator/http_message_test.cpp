#include "emulator/http_message.h"

#include <gtest/gtest.h>

namespace emulator {
namespace {

std::string request_text(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nHost: example.test\r\n" + fields + "\r\n";
}

TEST(HttpMessage, KeepsFieldsAsTheyWereWritten) {
  const auto head =
      parse_request_head("POST /items?a=1 HTTP/1.1\r\nhOST: A.test:8080\r\nX-One:  two \r\n\r\n");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->path(), "/items");
  EXPECT_EQ(head->host(), "a.test");
  EXPECT_EQ(head->field("x-one"), "two");
  EXPECT_EQ(head->to_text(), "POST /items?a=1 HTTP/1.1\r\nhOST: A.test:8080\r\nX-One: two\r\n\r\n");
}

TEST(HttpMessage, RefusesHeadsThatTwoReadersCouldReadDifferently) {
  const std::string nul("X: a\0b\r\n", 8);
  for (const std::string& text : {
           request_text("X : blank before the colon\r\n"),
           request_text(" folded: line\r\n"),
           request_text("no colon\r\n"),
           request_text(": no name\r\n"),
           request_text("X: bare\rreturn\r\n"),
           request_text("Host: another.test\r\n"),
           request_text(nul),
           request_text("\nGET /hidden HTTP/1.1\r\nHost: x\r\n"),
           request_text("", "GET  / HTTP/1.1"),
           request_text("", "GET / HTTP/1.1 extra"),
           request_text("", "GET / HTTP/2.0"),
           request_text("", "GET /"),
           request_text("", "G(T / HTTP/1.1"),
           request_text("X: " + std::string(20'000, 'a') + "\r\n"),
           std::string("GET / HTTP/1.1\r\nX: no host\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: cut off"),
           std::string("\r\n\r\n"),
           std::string(),
       }) {
    EXPECT_FALSE(parse_request_head(text).ok()) << testing::PrintToString(text);
  }
}

TEST(HttpMessage, RefusesBodiesWhoseEndIsUnclear) {
  for (const char* fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: 5\r\nContent-Length: 6\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: 0x10\r\n",
           "Content-Length: \r\n",
           "Content-Length: 99999999999999999999999\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
       }) {
    const auto head = parse_request_head(request_text(fields));
    ASSERT_TRUE(head.ok()) << fields;
    EXPECT_FALSE(request_framing(*head).ok()) << fields;
  }
  const auto old = parse_request_head(request_text("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"));
  ASSERT_TRUE(old.ok());
  EXPECT_FALSE(request_framing(*old).ok()) << "HTTP/1.0 knows no chunks";
}

TEST(HttpMessage, KnowsHowABodyEnds) {
  const auto kind_of = [](const std::string& text, const std::string& method) {
    const auto head = parse_response_head(text);
    return response_framing(*head, method)->kind;
  };
  using Kind = BodyFraming::Kind;
  EXPECT_EQ(kind_of("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "GET"), Kind::length);
  EXPECT_EQ(kind_of("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD"), Kind::none);
  EXPECT_EQ(kind_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"), Kind::chunked);
  EXPECT_EQ(kind_of("HTTP/1.1 200 OK\r\n\r\n", "GET"), Kind::until_close);
  EXPECT_EQ(kind_of("HTTP/1.1 204 No Content\r\n\r\n", "GET"), Kind::none);
  EXPECT_EQ(kind_of("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "GET"), Kind::none);
}

TEST(HttpMessage, NeverRemovesWhatFramesTheBodyThoughConnectionNamesIt) {
  auto head = parse_request_head(request_text(
      "Connection: close, X-Own, Content-Length, Host\r\nX-Own: 1\r\nContent-Length: 3\r\nTE: x\r\n"));
  ASSERT_TRUE(head.ok());
  remove_hop_by_hop(*head);
  EXPECT_FALSE(head->field("x-own"));
  EXPECT_FALSE(head->field("connection"));
  EXPECT_FALSE(head->field("te"));
  EXPECT_EQ(head->field("content-length"), "3");
  EXPECT_EQ(head->field("host"), "example.test");
}

TEST(ChunkScanner, FindsTheEndOfABodyHoweverItIsCut) {
  const std::string body = "5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n";
  const std::string whole = body + "GET /next";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    ChunkScanner scanner;
    std::string payload;
    const auto first = scanner.feed(std::string_view(whole).substr(0, cut), &payload);
    ASSERT_TRUE(first.ok());
    std::size_t used = *first;
    if (!scanner.done()) used += *scanner.feed(std::string_view(whole).substr(cut), &payload);
    EXPECT_TRUE(scanner.done());
    EXPECT_EQ(used, body.size());
    EXPECT_EQ(payload, "hello!");
  }
}

TEST(ChunkScanner, RefusesChunksThatTwoReadersCouldReadDifferently) {
  for (const char* bytes : {
           "5\nhello\r\n",
           " 5\r\nhello\r\n",
           "5 \r\nhello\r\n",
           "0x5\r\nhello\r\n",
           "-5\r\nhello\r\n",
           "\r\n",
           "5\r\nhelloX\r\n",
           "5\r\nhello\n",
           "ffffffffffffffff\r\n",
           "5;a\rb\r\nhello\r\n",
       }) {
    ChunkScanner scanner;
    EXPECT_FALSE(scanner.feed(bytes).ok()) << testing::PrintToString(bytes);
  }
  ChunkScanner endless;
  EXPECT_FALSE(endless.feed(std::string(100'000, '1')).ok());
}

}  // namespace
}  // namespace emulator
