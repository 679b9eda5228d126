#include "runner/first_bytes.h"

#include <gtest/gtest.h>

namespace runner {
namespace {

using Verdict = FirstBytes::Verdict;

std::string number(std::size_t value, int size) {
  std::string text;
  for (int i = size - 1; i >= 0; --i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}
std::string counted(const std::string& content, int size) {
  return number(content.size(), size) + content;
}

std::string client_hello(const std::string& server_name) {
  std::string hello = number(0x0303, 2) + std::string(32, 'r') + counted("", 1) + counted("\x13\x01", 2) +
                      counted(std::string(1, '\0'), 1);
  std::string extensions = number(43, 2) + counted("ab", 2);
  if (!server_name.empty())
    extensions += number(0, 2) + counted(counted(std::string(1, '\0') + counted(server_name, 2), 2), 2);
  hello += counted(extensions, 2);
  return "\x01" + counted(hello, 3);
}
std::string record(const std::string& content) {
  return std::string("\x16\x03\x01", 3) + counted(content, 2);
}

TEST(FirstBytesOfTls, HoldTheServersName) {
  const auto read = read_first_bytes(record(client_hello("Allowed.Test")));
  EXPECT_EQ(read.verdict, Verdict::named);
  EXPECT_EQ(read.name, "allowed.test");
  EXPECT_EQ(read_first_bytes(record(client_hello(""))).verdict, Verdict::unnamed);
}

TEST(FirstBytesOfTls, AreReadHoweverTheyAreCut) {
  const auto hello = client_hello("allowed.test");
  const auto whole = record(hello.substr(0, 20)) + record(hello.substr(20));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read_first_bytes(whole.substr(0, size)).verdict, Verdict::more) << size;
  }
  EXPECT_EQ(read_first_bytes(whole).name, "allowed.test");
}

TEST(FirstBytesOfTls, AreBrokenWhenTheirLengthsLie) {
  auto hello = client_hello("allowed.test");
  hello[3] = static_cast<char>(hello[3] - 5);
  EXPECT_EQ(read_first_bytes(record(hello)).verdict, Verdict::broken);
  EXPECT_EQ(read_first_bytes(record("\x02" + hello.substr(1))).verdict, Verdict::broken);
  EXPECT_EQ(read_first_bytes(record("\x01") + "GET / HTTP/1.1").verdict, Verdict::broken);
}

TEST(FirstBytesOfHttp, HoldTheHost) {
  const auto name = [](const std::string& request) { return read_first_bytes(request).name; };
  EXPECT_EQ(name("GET / HTTP/1.1\r\nAccept: x\r\nhOsT:  Allowed.Test:8080 \r\n\r\nbody"), "allowed.test");
  EXPECT_EQ(name("GET http://other.test/x HTTP/1.1\r\n\r\n"), "other.test");
  EXPECT_EQ(name("GET http://user@other.test:80/ HTTP/1.1\r\n\r\n"), "other.test");
  EXPECT_EQ(name("CONNECT other.test:22 HTTP/1.1\r\nHost: other.test:22\r\n\r\n"), "other.test");
  EXPECT_EQ(name("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"), "2001:db8::1");
}

TEST(FirstBytesOfHttp, MustNotNameTwo) {
  const auto verdict = [](const std::string& request) { return read_first_bytes(request).verdict; };
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), Verdict::broken);
  EXPECT_EQ(verdict("CONNECT other.test:22 HTTP/1.1\r\nHost: allowed.test\r\n\r\n"), Verdict::broken);
  EXPECT_EQ(verdict("GET / HTTP/1.1\nHost: a\n\n"), Verdict::broken);
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\n"), Verdict::more);
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), Verdict::unnamed);
}

TEST(FirstBytes, OfOtherProtocolsHaveNoName) {
  EXPECT_EQ(read_first_bytes("SSH-2.0-x\r\n").verdict, Verdict::unnamed);
  EXPECT_EQ(read_first_bytes(std::string("\0\0\0\x08", 4)).verdict, Verdict::unnamed);
  EXPECT_EQ(read_first_bytes("").verdict, Verdict::more);
}

}  // namespace
}  // namespace runner
