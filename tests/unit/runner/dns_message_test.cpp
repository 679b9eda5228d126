#include "runner/dns_message.h"

#include <gtest/gtest.h>

namespace runner {
namespace {

std::string question(const std::string& labels, std::uint16_t type = 1) {
  return std::string("\x12\x34\x01\0\0\x01\0\0\0\0\0\0", 12) + labels + std::string("\0\0", 2) +
         static_cast<char>(type) + std::string("\0\x01", 2);
}

TEST(DnsQuestions, AreReadInLowerCase) {
  const auto read = parse_dns_question(question("\x03WwW\x04test", 28));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, 0x1234);
  EXPECT_EQ(read->name, "www.test");
  EXPECT_EQ(read->type, 28);
}

TEST(DnsQuestions, ThatAreCutOrStrangeAreNone) {
  const auto whole = question("\x03www\x04test");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_dns_question(whole.substr(0, size))) << size;
  EXPECT_FALSE(parse_dns_question(question("\x03w w")));
  EXPECT_FALSE(parse_dns_question(question("\xc0\x0c")));
  EXPECT_FALSE(parse_dns_question(question("\x7f" + std::string(127, 'a'))));
  std::string long_name;
  for (int i = 0; i < 5; ++i) long_name += "\x3f" + std::string(63, 'a');
  EXPECT_FALSE(parse_dns_question(question(long_name)));
  auto answer = whole;
  answer[2] = static_cast<char>(0x81);
  EXPECT_FALSE(parse_dns_question(answer));
  auto two = whole;
  two[5] = 2;
  EXPECT_FALSE(parse_dns_question(two));
}

TEST(DnsAnswers, RepeatTheQuestionAndHoldTheAddress) {
  const auto asked =
      parse_dns_question(question("\x01"
                                  "a"));
  ASSERT_TRUE(asked.has_value());
  const auto answer = dns_answer(*asked, DnsOutcome::answered, 0xC6120001);
  EXPECT_EQ(answer.substr(0, 12), std::string("\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0", 12));
  EXPECT_EQ(answer.substr(answer.size() - 4), std::string("\xc6\x12\0\x01", 4));
  EXPECT_EQ(dns_answer(*asked, DnsOutcome::refused)[3], static_cast<char>(0x85));
}

}  // namespace
}  // namespace runner
