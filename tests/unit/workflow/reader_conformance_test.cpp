#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "conformance_data.h"
#include "template_json.h"
#include "workflow/load_workflow.h"
#include "workflow/yaml_reader.h"

namespace workflow {
namespace {

// Files on which we differ from GitHub's parser by intent, with the reason; docs/compatibility.md names them.
const std::map<std::string, std::string>& listed_differences() {
  static const std::map<std::string, std::string> differences;
  return differences;
}

struct Case {
  std::string name;
  std::string path;
  Node options;
  std::string workflow;
  std::map<std::string, std::string> called;
  base::Json expected;

  [[nodiscard]] bool is_set(std::string_view option) const { return options[option].text == "true"; }
};

std::vector<std::string> documents_of(const std::string& text) {
  std::vector<std::string> documents{""};
  for (const auto line : base::lines_of(text)) {
    if (base::trim(line) == "---") {
      documents.emplace_back();
    } else {
      documents.back() += std::string(line) + "\n";
    }
  }
  return documents;
}

// Nothing for what C# leaves out, and for what is older than anchors in YAML.
std::optional<Case> read_case(const base::Path& file) {
  Case found{.name = file.filename().string()};
  if (found.name == "errors-anchor-tag.yml") return std::nullopt;
  found.path = ".github/workflows/" + found.name;
  const auto documents = documents_of(content_of(file));
  if (documents.size() < 3) {
    ADD_FAILURE() << found.name << " has too few documents";
    return std::nullopt;
  }
  Diagnostics diagnostics;
  found.options = read_yaml(found.name, documents[0], diagnostics);
  for (const auto& skipped : found.options["skip"].items) {
    if (skipped.text == "C#") return std::nullopt;
  }
  found.workflow = documents[1];
  for (std::size_t i = 2; i + 2 < documents.size(); i += 2)
    found.called[std::string(base::trim(documents[i]))] = documents[i + 1];
  auto expected = base::parse_json(documents.back());
  EXPECT_TRUE(expected.ok()) << found.name;
  found.expected = expected ? *expected : base::Json();
  return found;
}

LoadOptions options_of(const Case& test) {
  LoadOptions options;
  const auto set = [&](std::string_view option, auto& limit) {
    if (const auto number = base::parse_integer(test.options[option].text))
      limit = static_cast<std::remove_reference_t<decltype(limit)>>(*number);
  };
  set("max-depth", options.limits.depth);
  set("max-file-size", options.limits.file_characters);
  set("max-result-size", options.limits.result_bytes);
  set("max-job-limit", options.limits.jobs);
  set("max-nested-reusable-workflows-depth", options.limits.nested_calls);
  if (test.options["permissions-policy"].text == "LimitedRead")
    options.permissions_policy = PermissionsPolicy::limited_read;
  if (!test.is_set("skip-reusable-workflows")) {
    options.called_workflow = [&test](const std::string& reference) -> base::Result<std::string> {
      const auto found = test.called.find(reference);
      if (found == test.called.end()) return base::invalid_input("workflow was not found.");
      return found->second;
    };
  }
  return options;
}

// Where two documents first differ.
std::string difference(const base::Json& ours, const base::Json& theirs, const std::string& where) {
  if (ours.is_object() && theirs.is_object()) {
    for (const auto& [key, value] : ours.items()) {
      if (!theirs.contains(key)) return where + "." + key + " is ours alone: " + base::to_text(value);
      if (auto found = difference(value, theirs[key], where + "." + key); !found.empty()) return found;
    }
    for (const auto& [key, value] : theirs.items()) {
      if (!ours.contains(key)) return where + "." + key + " is theirs alone: " + base::to_text(value);
    }
    return "";
  }
  if (ours.is_array() && theirs.is_array() && ours.size() == theirs.size()) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      auto found = difference(ours[i], theirs[i], where + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return "";
  }
  if (ours == theirs) return "";
  return where + ": " + base::to_text(ours) + ", expected " + base::to_text(theirs);
}

std::string lines(const std::vector<std::string>& texts) {
  return base::join(texts, "\n");
}

std::string outcome_of(const Case& test) {
  const auto loaded = load_workflow(test.path, test.workflow, options_of(test));
  std::vector<std::string> ours;
  for (const auto& diagnostic : loaded.diagnostics) ours.push_back(to_github_string(diagnostic));
  std::vector<std::string> theirs;
  if (test.expected.contains("errors")) {
    for (const auto& error : test.expected["errors"]) theirs.push_back(base::json_string(error, "Message"));
  }
  if (ours != theirs) return "said:\n" + lines(ours) + "\nexpected:\n" + lines(theirs);
  if (!loaded.workflow) return "";
  TemplateJson json{test.is_set("include-source"), loaded.files};
  auto found = template_json(*loaded.workflow, json);
  // A partial rerun knows its files only as a sorted dictionary.
  if (test.is_set("is-partial-rerun")) std::sort(found["file-table"].begin(), found["file-table"].end());
  return difference(found, test.expected, "workflow");
}

TEST(ReaderConformance, ReadsWorkflowsAsGitHubDoes) {
  SKIP_WITHOUT_CONFORMANCE_DATA("github-workflow-reader");
  int passed = 0;
  int failed = 0;
  int listed = 0;
  for (const auto& file : files_below(conformance_folder("github-workflow-reader"), {".yml"})) {
    const auto test = read_case(file);
    if (!test) continue;
    const auto found = outcome_of(*test);
    if (listed_differences().contains(test->name)) {
      ++listed;
      EXPECT_NE(found, "") << test->name << " is listed as a difference, but there is none";
      continue;
    }
    ++(found.empty() ? passed : failed);
    EXPECT_EQ(found, "") << test->name;
  }
  std::cout << fmt::format("github-workflow-reader: {} passed, {} failed, {} listed differences\n", passed,
                           failed, listed);
  EXPECT_LE(listed, 3);
  EXPECT_GE(passed, 50) << "the data is there, but most of it was not found";
}

}  // namespace
}  // namespace workflow
