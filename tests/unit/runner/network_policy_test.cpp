#include "runner/network_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner {
namespace {

using testing::HasSubstr;

NetworkPolicy policy(std::string_view text) {
  auto parsed = parse_network_policy(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : NetworkPolicy{};
}

TEST(NetworkPolicyText, NamesARuleOrAListOfHosts) {
  EXPECT_EQ(policy("none").rule, NetworkRule::none);
  EXPECT_EQ(policy("host").rule, NetworkRule::host);
  EXPECT_EQ(policy("audit").rule, NetworkRule::audit);
  const auto listed = policy("allow=Registry.NPMjs.org:443, *.example.com,10.0.0.5:5432,[2001:db8::1]:80");
  EXPECT_EQ(listed.rule, NetworkRule::allow);
  EXPECT_EQ(listed.allowed,
            (std::vector<AllowedHost>{
                {"registry.npmjs.org", 443}, {"*.example.com", 0}, {"10.0.0.5", 5432}, {"2001:db8::1", 80}}));
}

TEST(NetworkPolicyText, IsRefusedWithWhatIsWrong) {
  for (const char* text : {"", "all", "allow=", "allow=,", "allow=a b:1", "allow=a:0", "allow=a:65536",
                           "allow=a:x", "allow=http://a", "allow=[::1", "allow=*", "allow=*.", "allow=a:"}) {
    const auto parsed = parse_network_policy(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("network: ")) << text;
  }
}

TEST(NetworkPolicy, LetsThroughWhatIsListedByNameAndPort) {
  const auto listed = policy("allow=a.test:8080,b.test,*.c.test:22,10.0.0.5:5432");
  EXPECT_TRUE(may_connect(listed, "a.test", 8080));
  EXPECT_TRUE(may_connect(listed, "A.TEST.", 8080));
  EXPECT_FALSE(may_connect(listed, "a.test", 443));
  EXPECT_TRUE(may_connect(listed, "b.test", 443));
  EXPECT_TRUE(may_connect(listed, "b.test", 80));
  EXPECT_FALSE(may_connect(listed, "b.test", 22));
  EXPECT_TRUE(may_connect(listed, "x.y.c.test", 22));
  EXPECT_FALSE(may_connect(listed, "c.test", 22));
  EXPECT_FALSE(may_connect(listed, "notc.test", 22));
  EXPECT_FALSE(may_connect(listed, "a.test.evil", 8080));
  EXPECT_TRUE(may_connect(listed, "10.0.0.5", 5432));
  EXPECT_TRUE(may_resolve(listed, "a.test"));
  EXPECT_FALSE(may_resolve(listed, "x.a.test"));
  EXPECT_FALSE(may_connect(policy("none"), "a.test", 80));
  EXPECT_TRUE(may_connect(policy("audit"), "anything", 1));
}

TEST(InnerAddresses, AreThoseThatANameMustNotLeadTo) {
  for (const char* address : {"127.0.0.1",
                              "127.255.0.9",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "0.0.0.0",
                              "100.64.0.1",
                              "198.18.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::1",
                              "::",
                              "fe80::1",
                              "fc00::1",
                              "fd12::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "nonsense"}) {
    EXPECT_TRUE(is_inner_address(address)) << address;
  }
  for (const char* address : {"8.8.8.8", "172.32.0.1", "172.15.0.1", "192.167.1.1", "203.0.113.7",
                              "2606:4700::1111", "::ffff:8.8.8.8", "100.128.0.1"}) {
    EXPECT_FALSE(is_inner_address(address)) << address;
  }
}

}  // namespace
}  // namespace runner
