#include "emulator/elb_service.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/base/raw_client.h"

namespace emulator {
namespace {

RequestHead request(const std::string& target, const std::string& host = "items.test",
                    const std::string& method = "GET") {
  return *parse_request_head(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
}

class ElbApiTest : public testing::Test {
 protected:
  static base::Result<base::Fd> no_dial(const std::string&, std::uint16_t) {
    return base::make_error(base::ErrorKind::unavailable, "no target is reached in this test");
  }

  base::Json call(const std::string& operation, base::Json input) {
    const ApiResult result = table_.operations.at(operation)({.operation = operation, .input = input});
    if (const auto* failure = std::get_if<ApiFailure>(&result)) {
      ADD_FAILURE() << operation << ": " << failure->code << ": " << failure->message;
      return {};
    }
    return std::get<base::Json>(result);
  }
  std::string code_of(const std::string& operation, base::Json input) {
    const ApiResult result =
        table_.operations.at(operation)({.operation = operation, .input = std::move(input)});
    const auto* failure = std::get_if<ApiFailure>(&result);
    return failure == nullptr ? "succeeded" : failure->code;
  }
  std::string make_group(const std::string& name, base::Json more = base::Json::object()) {
    more.update({{"Name", name}, {"Protocol", "HTTP"}, {"Port", "8000"}, {"TargetType", "ip"}});
    return call("CreateTargetGroup", more)["TargetGroups"][0]["TargetGroupArn"];
  }
  static base::Json forward(const std::string& group) {
    return base::Json::array({{{"Type", "forward"}, {"TargetGroupArn", group}}});
  }
  std::string make_listener(const std::string& group) {
    const base::Json balancer = call("CreateLoadBalancer", {{"Name", "front"}, {"Subnets", {"a", "b"}}});
    balancer_ = balancer["LoadBalancers"][0]["LoadBalancerArn"];
    return call("CreateListener", {{"LoadBalancerArn", balancer_},
                                   {"Protocol", "HTTP"},
                                   {"Port", "0"},
                                   {"DefaultActions", forward(group)}})["Listeners"][0]["ListenerArn"];
  }

  fakes::FakeClock clock_;
  ElbState state_{"eu-central-1", "123456789012", no_dial};
  int changes_ = 0;
  ServiceTable table_ = elb_service(state_, clock_, [this] { ++changes_; });
  std::string balancer_;
};

TEST_F(ElbApiTest, OpensARealPortForAListenerAndClosesItAgain) {
  const std::string group = make_group("items");
  const std::string listener = make_listener(group);
  const base::Json described = call("DescribeListeners", {{"LoadBalancerArn", balancer_}})["Listeners"][0];
  const auto port = described["Port"].get<std::uint16_t>();
  EXPECT_TRUE(base::RawClient(port).connected());
  EXPECT_EQ(described["DefaultActions"][0]["TargetGroupArn"], group);
  EXPECT_EQ(call("DescribeTargetGroups", {{"Names", {"items"}}})["TargetGroups"][0]["LoadBalancerArns"][0],
            balancer_);
  EXPECT_EQ(code_of("DeleteTargetGroup", {{"TargetGroupArn", group}}), "ResourceInUse");
  call("DeleteListener", {{"ListenerArn", listener}});
  EXPECT_FALSE(base::RawClient(port).connected());
  EXPECT_EQ(code_of("DeleteTargetGroup", {{"TargetGroupArn", group}}), "succeeded");
}

TEST_F(ElbApiTest, ShowsTheHealthOfTargets) {
  const std::string group = make_group("items");
  call("RegisterTargets", {{"TargetGroupArn", group},
                           {"Targets", {{{"Id", "10.0.1.2"}, {"Port", "8000"}}, {{"Id", "10.0.1.3"}}}}});
  const base::Json list =
      call("DescribeTargetHealth", {{"TargetGroupArn", group}})["TargetHealthDescriptions"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["TargetHealth"]["State"], "unused");
  EXPECT_EQ(list[0]["TargetHealth"]["Reason"], "Target.NotInUse");
  EXPECT_EQ(list[1]["Target"]["Port"], 8000);
  const base::Json unknown =
      call("DescribeTargetHealth",
           {{"TargetGroupArn", group}, {"Targets", {{{"Id", "10.9.9.9"}}}}})["TargetHealthDescriptions"];
  EXPECT_EQ(unknown[0]["TargetHealth"]["Reason"], "Target.NotRegistered");
  call("DeregisterTargets", {{"TargetGroupArn", group}, {"Targets", {{{"Id", "10.0.1.2"}}}}});
  EXPECT_EQ(call("DescribeTargetHealth",
                 {{"TargetGroupArn", group}})["TargetHealthDescriptions"][0]["TargetHealth"]["State"],
            "draining");
  EXPECT_EQ(code_of("RegisterTargets",
                    {{"TargetGroupArn", group}, {"Targets", {{{"Id", "10.0.1.2"}, {"Port", "nan"}}}}}),
            "InvalidTarget");
}

TEST_F(ElbApiTest, KeepsTheAttributesOfAGroup) {
  const std::string group = make_group("items");
  const auto delay = [&] {
    const base::Json attributes =
        call("DescribeTargetGroupAttributes", {{"TargetGroupArn", group}})["Attributes"];
    for (const base::Json& entry : attributes) {
      if (entry["Key"] == "deregistration_delay.timeout_seconds") return entry["Value"].get<std::string>();
    }
    return std::string("absent");
  };
  EXPECT_EQ(delay(), "300");
  const auto change = [&](const std::string& value) {
    return code_of("ModifyTargetGroupAttributes",
                   {{"TargetGroupArn", group},
                    {"Attributes", {{{"Key", "deregistration_delay.timeout_seconds"}, {"Value", value}}}}});
  };
  EXPECT_EQ(change("15"), "succeeded");
  EXPECT_EQ(delay(), "15");
  for (const char* value : {"3601", "-1", "nan", "x"}) EXPECT_EQ(change(value), "ValidationError") << value;
  EXPECT_EQ(delay(), "15");
}

TEST_F(ElbApiTest, ChecksTheSettingsOfHealthChecks) {
  const std::string group = make_group("items");
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, base::Json>>{{"HealthCheckPath", "health"},
                                                       {"HealthCheckPath", "/a b"},
                                                       {"HealthCheckPath", "/\r\nX: y"},
                                                       {"HealthCheckIntervalSeconds", "0"},
                                                       {"HealthCheckIntervalSeconds", "301"},
                                                       {"HealthCheckTimeoutSeconds", "nan"},
                                                       {"HealthyThresholdCount", "11"},
                                                       {"UnhealthyThresholdCount", "99999999999999999999"},
                                                       {"HealthCheckProtocol", "TCP"},
                                                       {"HealthCheckPort", "70000"},
                                                       {"Matcher", {{"HttpCode", "600"}}}}) {
    EXPECT_EQ(code_of("ModifyTargetGroup", {{"TargetGroupArn", group}, {key, value}}), "ValidationError")
        << key << " " << value;
  }
  const base::Json changed = call(
      "ModifyTargetGroup",
      {{"TargetGroupArn", group}, {"HealthCheckPath", "/ready"}, {"Matcher", {{"HttpCode", "200-204"}}}});
  EXPECT_EQ(changed["TargetGroups"][0]["HealthCheckPath"], "/ready");
  EXPECT_EQ(changed["TargetGroups"][0]["Matcher"]["HttpCode"], "200-204");
}

TEST_F(ElbApiTest, RoutesByTheRulesOfASeed) {
  const base::Json listener = {{"port", 0},
                               {"target_group", "items"},
                               {"rules",
                                {{{"paths", {"/metrics", "/graphs/*"}}, {"target_group", "graphs"}},
                                 {{"paths", {"/*"}}, {"target_group", "api"}}}}};
  const base::Json seed = {{"target_groups", {{{"name", "items"}}, {{"name", "graphs"}}, {{"name", "api"}}}},
                           {"load_balancers", {{{"name", "front"}, {"listeners", {listener}}}}}};
  for (int again = 0; again < 2; ++again) ASSERT_TRUE(state_.apply_seed(seed).ok());
  const auto named = state_.listener_called("front#1");
  ASSERT_TRUE(named);
  const auto group_of = [&](const RequestHead& head) {
    return state_.route(named->listener_arn, head).group;
  };
  EXPECT_EQ(group_of(request("/metrics")), state_.group("graphs"));
  EXPECT_EQ(group_of(request("/graphs/1")), state_.group("graphs"));
  EXPECT_EQ(group_of(request("/graphs")), state_.group("api"));
  const auto rules = call("DescribeRules", {{"ListenerArn", named->listener_arn}})["Rules"];
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0]["Priority"], "1");
  EXPECT_EQ(rules[2]["Priority"], "default");
  base::Json wrong = seed;
  wrong["load_balancers"][0]["name"] = "other";
  wrong["load_balancers"][0]["listeners"][0]["rules"][0]["paths"] = base::Json::array();
  EXPECT_FALSE(state_.apply_seed(wrong).ok());
}

TEST_F(ElbApiTest, RoutesByPathHostAndWeight) {
  const std::string items = make_group("items");
  const std::string api = make_group("api");
  const std::string listener = make_listener(items);
  call("CreateRule", {{"ListenerArn", listener},
                      {"Priority", "10"},
                      {"Conditions", {{{"Field", "path-pattern"}, {"Values", {"/api/*"}}}}},
                      {"Actions", forward(api)}});
  call("CreateRule",
       {{"ListenerArn", listener},
        {"Priority", "5"},
        {"Conditions", {{{"Field", "host-header"}, {"HostHeaderConfig", {{"Values", {"*.closed.test"}}}}}}},
        {"Actions",
         {{{"Type", "fixed-response"},
           {"FixedResponseConfig", {{"StatusCode", "410"}, {"MessageBody", "gone"}}}}}}});
  const auto group_of = [&](const RequestHead& head) { return state_.route(listener, head).group; };
  EXPECT_EQ(group_of(request("/")), state_.group(items));
  EXPECT_EQ(group_of(request("/api/1?x=/")), state_.group(api));
  EXPECT_EQ(group_of(request("/apis")), state_.group(items));
  EXPECT_EQ(state_.route(listener, request("/api/1", "WWW.closed.test:80")).fixed->status, 410)
      << "the smaller priority number goes first";
  call("ModifyListener", {{"ListenerArn", listener},
                          {"DefaultActions",
                           {{{"Type", "forward"},
                             {"ForwardConfig",
                              {{"TargetGroups",
                                {{{"TargetGroupArn", items}, {"Weight", "3"}},
                                 {{"TargetGroupArn", api}, {"Weight", "1"}}}}}}}}}});
  int to_items = 0;
  for (int i = 0; i < 40; ++i) to_items += group_of(request("/")) == state_.group(items) ? 1 : 0;
  EXPECT_EQ(to_items, 30);
  EXPECT_EQ(code_of("CreateRule", {{"ListenerArn", listener},
                                   {"Priority", "10"},
                                   {"Conditions", {{{"Field", "path-pattern"}, {"Values", {"/x"}}}}},
                                   {"Actions", forward(api)}}),
            "PriorityInUse");
}

TEST_F(ElbApiTest, MixesTheGroupsOfARuleByTheirWeights) {
  const std::string blue = make_group("blue");
  const std::string green = make_group("green");
  const std::string listener = make_listener(blue);
  call("ModifyListener", {{"ListenerArn", listener},
                          {"DefaultActions",
                           {{{"Type", "forward"},
                             {"ForwardConfig",
                              {{"TargetGroups",
                                {{{"TargetGroupArn", blue}, {"Weight", "90"}},
                                 {{"TargetGroupArn", green}, {"Weight", "10"}}}}}}}}}});
  for (int round = 0; round < 3; ++round) {
    int to_green = 0;
    for (int i = 0; i < 10; ++i)
      to_green += state_.route(listener, request("/")).group == state_.group(green) ? 1 : 0;
    EXPECT_EQ(to_green, 1) << "of every ten requests, and not ten in a row of every hundred";
  }
  ASSERT_TRUE(state_.forward_to(listener, {{blue, 0}, {green, 100}}));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(state_.route(listener, request("/")).group, state_.group(green));
}

TEST_F(ElbApiTest, KeepsAClientWithItsGroupWhenTheRuleIsSticky) {
  const std::string blue = make_group("blue");
  const std::string green = make_group("green");
  const std::string listener = make_listener(blue);
  const auto action = [&](const char* seconds) {
    return base::Json{
        {{"Type", "forward"},
         {"ForwardConfig",
          {{"TargetGroups",
            {{{"TargetGroupArn", blue}, {"Weight", "1"}}, {{"TargetGroupArn", green}, {"Weight", "1"}}}},
           {"TargetGroupStickinessConfig", {{"Enabled", "true"}, {"DurationSeconds", seconds}}}}}}};
  };
  EXPECT_EQ(code_of("ModifyListener", {{"ListenerArn", listener}, {"DefaultActions", action("0")}}),
            "ValidationError");
  call("ModifyListener", {{"ListenerArn", listener}, {"DefaultActions", action("60")}});
  const RouteDecision first = state_.route(listener, request("/"));
  ASSERT_TRUE(first.cookie.starts_with("AWSALBTG=")) << first.cookie;
  RequestHead again = request("/");
  again.add("Cookie", "a=b; " + first.cookie.substr(0, first.cookie.find(';')));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(state_.route(listener, again).group, first.group);
}

TEST_F(ElbApiTest, RoutesByHeaderQueryAndSource) {
  const std::string blue = make_group("blue");
  const std::string green = make_group("green");
  const std::string listener = make_listener(blue);
  const auto rule = [&](const char* priority, const base::Json& condition) {
    return call("CreateRule", {{"ListenerArn", listener},
                               {"Priority", priority},
                               {"Conditions", {condition}},
                               {"Actions", forward(green)}})["Rules"][0];
  };
  const base::Json header = rule(
      "1",
      {{"Field", "http-header"}, {"HttpHeaderConfig", {{"HttpHeaderName", "X-Test"}, {"Values", {"gr*"}}}}});
  rule("2", {{"Field", "query-string"},
             {"QueryStringConfig", {{"Values", {{{"Key", "version"}, {"Value", "green"}}}}}}});
  rule("3", {{"Field", "source-ip"}, {"SourceIpConfig", {{"Values", {"10.0.0.0/8"}}}}});
  RequestHead tested = request("/");
  tested.add("x-test", "Green");
  EXPECT_EQ(state_.route(listener, tested).group, state_.group(green));
  EXPECT_EQ(state_.route(listener, request("/?version=green")).group, state_.group(green));
  EXPECT_EQ(state_.route(listener, request("/?version=blue")).group, state_.group(blue));
  EXPECT_EQ(header["Conditions"][0]["HttpHeaderConfig"]["HttpHeaderName"], "X-Test");
  call("SetRulePriorities", {{"RulePriorities", {{{"RuleArn", header["RuleArn"]}, {"Priority", "9"}}}}});
  EXPECT_EQ(call("DescribeRules", {{"ListenerArn", listener}})["Rules"][2]["Priority"], "9");
  EXPECT_EQ(code_of("SetRulePriorities",
                    {{"RulePriorities", {{{"RuleArn", header["RuleArn"]}, {"Priority", "2"}}}}}),
            "PriorityInUse");
}

TEST_F(ElbApiTest, RefusesFixedResponsesThatAreNoHttp) {
  const std::string listener = make_listener(make_group("items"));
  for (const base::Json& config : {base::Json{{"StatusCode", "-1"}}, base::Json{{"StatusCode", "302"}},
                                   base::Json{{"StatusCode", "200"}, {"ContentType", "a\r\nX-Own: b"}},
                                   base::Json{{"MessageBody", std::string(2000, 'x')}}}) {
    EXPECT_EQ(code_of("ModifyListener",
                      {{"ListenerArn", listener},
                       {"DefaultActions", {{{"Type", "fixed-response"}, {"FixedResponseConfig", config}}}}}),
              "ValidationError")
        << config;
  }
}

TEST_F(ElbApiTest, TellsListenersApartThatTookAnyPort) {
  const std::string group = make_group("items");
  const std::string first = make_listener(group);
  const std::string second =
      call("CreateListener", {{"LoadBalancerArn", balancer_},
                              {"Port", "0"},
                              {"DefaultActions", forward(group)}})["Listeners"][0]["ListenerArn"];
  EXPECT_NE(first, second);
  call("DeleteListener", {{"ListenerArn", second}});
  EXPECT_EQ(call("DescribeListeners", {{"LoadBalancerArn", balancer_}})["Listeners"].size(), 1U);
}

TEST_F(ElbApiTest, NamesWhatIsMissingAsAwsDoes) {
  const base::Json nothing = {{"LoadBalancerArn", "x"}, {"TargetGroupArn", "x"}, {"ListenerArn", "x"},
                              {"RuleArn", "x"},         {"Names", {"x"}},        {"Port", "80"}};
  EXPECT_EQ(code_of("DescribeLoadBalancers", nothing), "LoadBalancerNotFound");
  EXPECT_EQ(code_of("CreateListener", nothing), "LoadBalancerNotFound");
  EXPECT_EQ(code_of("DescribeTargetGroups", nothing), "TargetGroupNotFound");
  EXPECT_EQ(code_of("DescribeTargetHealth", nothing), "TargetGroupNotFound");
  EXPECT_EQ(code_of("ModifyListener", nothing), "ListenerNotFound");
  EXPECT_EQ(code_of("DeleteListener", nothing), "ListenerNotFound");
  EXPECT_EQ(code_of("DescribeRules", {{"ListenerArn", "x"}}), "ListenerNotFound");
  EXPECT_EQ(code_of("DeleteRule", nothing), "RuleNotFound");
}

TEST_F(ElbApiTest, SurvivesRequestsOfAnyShape) {
  const std::string group = make_group("items");
  const std::string listener = make_listener(group);
  const std::vector<base::Json> values = {nullptr,
                                          "",
                                          "x",
                                          {},
                                          {{{"Type", "forward"}}},
                                          {"x", nullptr},
                                          {{"a", {{"b", "c"}}}},
                                          std::string(5000, 'x'),
                                          "-1",
                                          "1e999"};
  const std::vector<std::string> keys = {"Name",
                                         "Names",
                                         "Port",
                                         "Protocol",
                                         "Targets",
                                         "Actions",
                                         "Conditions",
                                         "Attributes",
                                         "Tags",
                                         "Matcher",
                                         "Priority",
                                         "Subnets",
                                         "RuleArns",
                                         "ResourceArns",
                                         "DefaultActions",
                                         "HealthCheckPort",
                                         "HealthyThresholdCount",
                                         "LoadBalancerArn"};
  for (const auto& [operation, function] : table_.operations) {
    if (operation == "DeleteListener" || operation == "DeleteLoadBalancer") continue;
    for (const std::string& key : keys) {
      for (const base::Json& value : values) {
        base::Json input = {
            {"TargetGroupArn", group}, {"ListenerArn", listener}, {"LoadBalancerArn", balancer_}};
        input[key] = value;
        try {
          EXPECT_NE(code_of(operation, input), "") << operation << " " << input.dump();
        } catch (const base::Json::exception& wrong_type) {
          ADD_FAILURE() << operation << " " << input.dump() << ": " << wrong_type.what();
        }
      }
    }
  }
  EXPECT_EQ(state_.find_listener(listener)->load_balancer_arn, balancer_);
}

TEST_F(ElbApiTest, TellsOnlyOfChanges) {
  const std::string group = make_group("items");
  const int before = changes_;
  EXPECT_GT(before, 0);
  call("DescribeTargetGroups", base::Json::object());
  EXPECT_EQ(changes_, before);
}

TEST_F(ElbApiTest, KeepsEverythingOverARestart) {
  const std::string group = make_group("items", {{"HealthCheckPath", "/health"}});
  const std::string listener = make_listener(group);
  call("CreateRule", {{"ListenerArn", listener},
                      {"Priority", "10"},
                      {"Conditions", {{{"Field", "path-pattern"}, {"Values", {"/api/*"}}}}},
                      {"Actions", forward(group)}});
  const base::Json kept = state_.to_json();
  ElbState after("eu-central-1", "123456789012", no_dial);
  ASSERT_TRUE(after.load(*base::parse_json(kept.dump())).ok());
  EXPECT_EQ(after.to_json(), kept);
  EXPECT_EQ(after.route(listener, request("/api/x")).group, after.group(group));
  ElbState broken("eu-central-1", "123456789012", no_dial);
  EXPECT_FALSE(broken.load({{"load_balancers", {{{"name", "x"}, {"subnets", {1}}}}}}).ok());
}

TEST(Wildcards, MatchAsInRuleConditions) {
  EXPECT_TRUE(matches_wildcard("/api/*", "/api/"));
  EXPECT_TRUE(matches_wildcard("*", ""));
  EXPECT_TRUE(matches_wildcard("/?/x", "/a/x"));
  EXPECT_FALSE(matches_wildcard("/api/*", "/api"));
  EXPECT_FALSE(matches_wildcard("/a", "/ab"));
  // Many stars must not take exponential time.
  EXPECT_FALSE(matches_wildcard("*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace emulator
