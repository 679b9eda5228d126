#include "aws/proxy.h"

#include <gtest/gtest.h>

namespace aws {
namespace {

const Environment kProxies = {{"HTTPS_PROXY", "http://secure:1"}, {"http_proxy", "http://plain:2"}};

Environment with_exceptions(const std::string& list) {
  Environment environment = kProxies;
  environment["NO_PROXY"] = list;
  return environment;
}

TEST(Proxy, IsThatOfTheScheme) {
  EXPECT_EQ(proxy_for("https://ecs.eu-central-1.amazonaws.com/", kProxies), "http://secure:1");
  EXPECT_EQ(proxy_for("http://ecs.example/", kProxies), "http://plain:2");
  EXPECT_EQ(proxy_for("https://ecs.example/", {}), std::nullopt);
}

TEST(Proxy, LeavesOutWhatIsExempt) {
  const std::string url = "https://ecs.eu-central-1.amazonaws.com/";
  for (const char* list :
       {"*", "amazonaws.com", ".amazonaws.com", "*.amazonaws.com", "x, ECS.eu-central-1.amazonaws.com"})
    EXPECT_EQ(proxy_for(url, with_exceptions(list)), "") << list;
  for (const char* list : {"", "naws.com", "eu-central-1", "amazonaws.com.cn"})
    EXPECT_EQ(proxy_for(url, with_exceptions(list)), "http://secure:1") << list;
  EXPECT_EQ(proxy_for("http://cloud.example:8080/", with_exceptions("cloud.example:8080")), "");
}

TEST(Proxy, IsNeverAskedForThisMachine) {
  EXPECT_EQ(proxy_for("http://127.0.0.1:4566/", kProxies), "");
  EXPECT_EQ(proxy_for("http://localhost/", kProxies), "");
}

}  // namespace
}  // namespace aws
