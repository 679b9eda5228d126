// The registry held against the distribution specification: a row for each sentence
// (registry_conformance_cases.h).
#include <gtest/gtest.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/registry_routes.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/emulator/registry_conformance_cases.h"

namespace emulator {
namespace {

std::string filled_in(std::string text, const std::string& location, const std::string& next) {
  const std::pair<const char*, std::string> values[] = {{"{blob}", digest_of(kBlob)},
                                                        {"{config}", digest_of(kConfig)},
                                                        {"{manifest}", digest_of(kManifest)},
                                                        {"{referrer}", digest_of(kReferrer)},
                                                        {"{new}", digest_of("new")},
                                                        {"{missing}", "sha256:" + std::string(64, 'f')},
                                                        {"{location}", location},
                                                        {"{next}", next}};
  for (const auto& [name, value] : values) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at))
      text.replace(at, std::string_view(name).size(), value);
  }
  return text;
}

class RegistryConformanceTest : public testing::TestWithParam<ConformanceCase> {
 protected:
  RegistryConformanceTest()
      : folder_(*base::TempDir::create("conformance")),
        store_(*ecr::ImageStore::open(folder_.path() / "images")),
        repositories_(*Repositories::open(folder_.path() / "repositories.json", store_, clock_,
                                          "123456789012", "eu-central-1")),
        registry_(*repositories_, {.principal_of = [](const std::string&) {
          return std::optional<Principal>(std::in_place);
        }}) {
    for (const char* name : {"app", "group/other"}) (void)repositories_->create(name, false, false);
    for (const auto& content : {kBlob, kConfig}) (void)*store_.put_blob(content);
    for (const char* tag : {"v1", "a", "b", "c"})
      (void)repositories_->put_manifest("app", tag, kManifestType, kManifest);
    (void)repositories_->put_manifest("app", "", kManifestType, kReferrer);
  }

  base::ServerResponse send(const Exchange& exchange, const std::string& target) {
    base::ServerRequest request;
    request.method = exchange.method;
    const auto question = target.find('?');
    request.path = base::percent_decode(target.substr(0, question));
    if (question != std::string::npos) request.query = target.substr(question + 1);
    for (const auto& [name, value] : exchange.headers) request.headers.emplace(name, value);
    request.read_body = [&](const std::function<bool(std::string_view)>& sink) -> base::Result<void> {
      sink(exchange.body);
      return {};
    };
    return registry_.answer(request);
  }

  static std::string content_of(const base::ServerResponse& response) {
    return response.stream ? response.stream(0) : response.body;
  }

  fakes::FakeClock clock_;
  base::TempDir folder_;
  ecr::ImageStore store_;
  std::unique_ptr<Repositories> repositories_;
  RegistryRoutes registry_;
};

TEST_P(RegistryConformanceTest, AnswersAsTheSpecificationSays) {
  std::string location;
  std::string next;
  for (const auto& exchange : GetParam().exchanges) {
    const auto target = filled_in(exchange.target, location, next);
    const auto response = send(exchange, target);
    const std::string what = exchange.method + " " + target + ": ";
    const auto content = content_of(response);
    EXPECT_TRUE(std::find(exchange.statuses.begin(), exchange.statuses.end(), response.status) !=
                exchange.statuses.end())
        << what << response.status << " " << content;
    if (!exchange.code.empty()) {
      const auto json = base::parse_json(content);
      ASSERT_TRUE(json.ok()) << what << content;
      EXPECT_EQ(base::json_string((*json)["errors"][0], "code"), exchange.code) << what;
    }
    for (const auto& [name, value] : exchange.expect) {
      const auto found = base::header_value(response.headers, name);
      ASSERT_TRUE(found) << what << "no header " << name;
      if (!value.empty()) {
        EXPECT_EQ(*found, filled_in(value, location, next)) << what << name;
      }
    }
    if (!exchange.holds.empty()) {
      EXPECT_NE(content.find(filled_in(exchange.holds, location, next)), std::string::npos)
          << what << content;
    }
    if (!exchange.lacks.empty()) {
      EXPECT_EQ(content.find(filled_in(exchange.lacks, location, next)), std::string::npos)
          << what << content;
    }
    location = base::header_value(response.headers, "Location").value_or(location);
    const auto link = base::header_value(response.headers, "Link").value_or("");
    next = link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(, RegistryConformanceTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace emulator
