#include "workflow/expression/trace.h"

#include "conformance_data.h"
#include "expression_fixture.h"
#include "workflow/expression/print.h"

namespace workflow::expression {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// `x` is unknown, and so is `needs.a.outputs`; the rest is known.
class ExpressionTrace : public testing::Test {
 protected:
  ExpressionTrace() {
    const auto json = base::parse_json(
        R"({"github": {"ref": "refs/heads/dev", "n": 2}, "needs": {"a": {"result": "success", "outputs": {}}},
            "x": null})");
    contexts_ = from_json(*json);
  }
  PartialSurroundings surroundings() const {
    return {.named_value = [this](std::string_view name) { return contexts_.object().find(name); },
            .knowledge = [](const std::vector<std::string>& path) -> Knowledge {
              if (path[0] == "x") return {Knowledge::Extent::unknown, "known later"};
              if (path[0] != "needs") return {};
              if (path.size() > 2 && path[2] != "outputs") return {};
              return {path.size() > 2 ? Knowledge::Extent::unknown : Knowledge::Extent::partly,
                      "known when 'a' has run"};
            },
            .success = [](const auto&) { return std::optional<bool>(); },
            .failure = [](const auto&) { return std::optional<bool>(); },
            .cancelled = [](const auto&) { return std::optional<bool>(false); },
            .when_status_is_known = "known when 'a' has run"};
  }
  Trace traced(std::string_view text) const {
    auto result = trace_expression(text, surroundings());
    EXPECT_TRUE(result.ok()) << text;
    return result ? *result : Trace{};
  }
  /// yes, no, or ?
  std::string truth(std::string_view text) const {
    const auto result = traced(text);
    if (!result.error.empty()) return "error";
    return result.truthy ? (*result.truthy ? "yes" : "no") : "?";
  }

  Value contexts_;
};

TEST_F(ExpressionTrace, LetsTheKnownDecideOverTheUnknown) {
  EXPECT_EQ(truth("false && x"), "no");
  EXPECT_EQ(truth("x && false"), "no");
  EXPECT_EQ(truth("true || x"), "yes");
  EXPECT_EQ(truth("x || true"), "yes");
  EXPECT_EQ(truth("x && true"), "?");
  EXPECT_EQ(truth("x || false"), "?");
  EXPECT_EQ(truth("!(x && false)"), "yes");
  EXPECT_EQ(truth("x && github.n == 3 && fromJSON('{')"), "no");
}

TEST_F(ExpressionTrace, KeepsWhatNeedsTheUnknownUnknown) {
  EXPECT_EQ(truth("x == 1"), "?");
  EXPECT_EQ(truth("contains(x, 'a')"), "?");
  EXPECT_EQ(truth("!x"), "?");
  EXPECT_EQ(truth("case(x, true, true)"), "?");
  EXPECT_EQ(truth("case(false, x, true)"), "yes");
  EXPECT_EQ(truth("hashFiles('a') == ''"), "?");
  EXPECT_EQ(truth("github[x] == 'a'"), "?");
  EXPECT_EQ(truth("success()"), "?");
  EXPECT_EQ(truth("always() && !cancelled()"), "yes");
  EXPECT_EQ(traced("(x || true) == true").truthy, std::nullopt) << "its truth is known, its value is not";
}

TEST_F(ExpressionTrace, KnowsMembersApart) {
  EXPECT_EQ(truth("needs.a.result == 'success'"), "yes");
  EXPECT_EQ(truth("needs['a']['result'] == 'success'"), "yes");
  EXPECT_EQ(truth("needs.a.outputs.tag"), "?");
  EXPECT_EQ(truth("needs.a"), "yes") << "an object is truthy, whatever its members are";
  EXPECT_EQ(truth("contains(needs.*.result, 'failure')"), "?");
  EXPECT_EQ(truth("toJSON(needs) == ''"), "?");
  EXPECT_EQ(traced("needs.a.outputs.tag").why_unknown, "known when 'a' has run");
}

TEST_F(ExpressionTrace, RecordsEveryNodeAndWhatWasNotNeeded) {
  const auto result = traced("github.ref == 'refs/heads/main' && startsWith(github.ref, 'x')");
  ASSERT_EQ(result.children.size(), 2U);
  EXPECT_EQ(result.children[0].text, "github.ref == 'refs/heads/main'");
  EXPECT_EQ(result.children[0].truthy, false);
  ASSERT_EQ(result.children[0].children.size(), 2U);
  EXPECT_EQ(result.children[0].children[0].value->to_text(), "refs/heads/dev");
  EXPECT_EQ(result.children[0].children[0].offset, 7U);
  EXPECT_TRUE(result.children[0].children[1].literal);
  EXPECT_FALSE(result.children[1].needed);
}

TEST_F(ExpressionTrace, TellsWhatTheOutcomeRestsOn) {
  EXPECT_THAT(observations(traced("github.ref == 'a' || github.ref == 'b' || x == 1")),
              ElementsAre("github.ref is 'refs/heads/dev'", "x is known later"));
  EXPECT_THAT(observations(traced("1 == 2")), IsEmpty());
  EXPECT_THAT(observations(traced("fromJSON('{')")).size(), 1U);
}

TEST_F(ExpressionTrace, RecordsAnErrorWhereItIs) {
  const auto result = traced("true && fromJSON('{') == 1");
  EXPECT_THAT(result.error, testing::HasSubstr("fromJson"));
  EXPECT_THAT(result.children[1].children[0].error, testing::HasSubstr("fromJson"));
  EXPECT_EQ(truth("x && fromJSON('{')"), "?") << "it may not be reached";
}

TEST_F(ExpressionTrace, IsDataForPrograms) {
  EXPECT_EQ(base::to_text(to_json(traced("github.n == 3 && x"))),
            R"({"expression":"github.n == 3 && x","value":false,"operands":[{"expression":"github.n == 3",)"
            R"("value":false,"operands":[{"expression":"github.n","value":2},{"expression":"3","value":3}]},)"
            R"({"expression":"x","needed":false}]})");
}

TEST(ExpressionPrint, WritesWhatParsesToTheSame) {
  for (const std::string_view text : {"a.b['c d'].*.e[0]", "!(a && b)", "(a || b) && c", "a == b != (c < d)",
                                      "format('it''s {0}', a, null)", "(a || b).c", "a && (b && c)", "!!a",
                                      "case(true, 1, -2.5)", "fromJSON(a)[b]", "(!a).b", "(a == b) < c"}) {
    const auto tree = parse_expression(text);
    ASSERT_TRUE(tree.ok()) << text;
    const auto printed = print(**tree);
    const auto again = parse_expression(printed);
    ASSERT_TRUE(again.ok()) << printed;
    EXPECT_EQ(print(**again), printed) << text;
    if (text.find("==") == std::string_view::npos) {
      EXPECT_EQ(printed, text);
    }
  }
}

TEST(TraceConformance, FindsTheSameValuesAsTheEvaluatorWhereAllIsKnown) {
  SKIP_WITHOUT_CONFORMANCE_DATA("github-expressions");
  int cases = 0;
  for (const auto& file : files_below(conformance_folder("github-expressions"), {".json"})) {
    const auto groups = base::parse_json(content_of(file));
    ASSERT_TRUE(groups.ok());
    for (const auto& [group, tests] : groups->items()) {
      for (const auto& test : tests) {
        const Value contexts = from_json(base::json_member(test, "contexts"));
        const auto named = [&](std::string_view name) {
          return contexts.is_object() ? contexts.object().find(name) : nullptr;
        };
        const auto text = base::json_string(test, "expr");
        // With the limit that a trace has.
        const auto value = evaluate_expression(text, {.named_value = named, .memory_limit = 10U << 20});
        const auto traced = trace_expression(text, {.named_value = named});
        if (!traced) continue;  // no expression: the evaluator's tests have these
        ++cases;
        EXPECT_EQ(value.ok(), traced->error.empty()) << text << ": " << traced->error;
        if (!value) continue;
        ASSERT_TRUE(traced->value) << text;
        EXPECT_EQ(to_json_text(*traced->value), to_json_text(*value)) << text;
        EXPECT_EQ(traced->truthy, value->truthy()) << text;
      }
    }
  }
  EXPECT_GE(cases, 600);
}

}  // namespace
}  // namespace workflow::expression
