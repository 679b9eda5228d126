#include "runner/results_service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/http_client.h"
#include "base/json.h"
#include "runner/results_access.h"
#include "steps/artifacts.h"
#include "steps/caches.h"
#include "workflow/plan.h"
#include "workflow/workflow.h"

namespace runner {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ResultsServiceTest : public ::testing::Test {
 protected:
  ResultsServiceTest() : store_(*steps::BlobStore::open(folder_.path())) {
    service_ = std::move(*ResultsService::start(*store_));
    job_ = add("test", 7);
  }

  /// What a job was given, and the ids in its token.
  struct Job {
    sandbox::EnvVars environment;
    std::string run;
    std::string job;
  };
  Job add(const std::string& name, std::int64_t run, workflow::CacheMode mode = workflow::CacheMode::write) {
    steps::ResultsAccess access{.store = store_.get(), .run_id = run, .job = name, .repository = "octo/repo"};
    access.cache_mode = mode;
    access.cache_scope = "refs/heads/main";
    access.cache_scopes = {"refs/heads/main"};
    Job job{.environment = service_->add_job(access, "1", {})};
    const auto claims = claims_of(job);
    const auto parts = base::split(base::json_string(claims, "scp"), ':');
    EXPECT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0], "Actions.Results");
    job.run = parts[1];
    job.job = parts[2];
    return job;
  }
  static base::Json claims_of(const Job& job) {
    const auto parts = base::split(job.environment.at("ACTIONS_RUNTIME_TOKEN"), '.');
    EXPECT_EQ(parts.size(), 3U);
    return base::parse_json(base::base64url_decode(parts[1]).value_or("")).value_or({});
  }

  base::HttpResponse send(const std::string& method, const std::string& url, const std::string& body,
                          base::Headers headers = {}) {
    base::HttpRequest request{.method = method, .url = url, .headers = std::move(headers), .body = body};
    auto answer = http_->send(request);
    EXPECT_TRUE(answer.ok()) << url;
    return std::move(answer).value_or({});
  }
  base::HttpResponse call(const std::string& method, base::Json message, const Job& job) {
    const bool is_artifact = method.find("Cache") == std::string::npos;
    if (is_artifact && !message.contains("workflow_run_backend_id")) {
      message["workflow_run_backend_id"] = job.run;
      message["workflow_job_run_backend_id"] = job.job;
    }
    return send(
        "POST",
        fmt::format("{}twirp/github.actions.results.api.v1.{}/{}", job.environment.at("ACTIONS_RESULTS_URL"),
                    is_artifact ? "ArtifactService" : "CacheService", method),
        base::to_text(message),
        {{"Authorization", "Bearer " + job.environment.at("ACTIONS_RUNTIME_TOKEN")},
         {"Content-Type", "application/json"}});
  }
  static base::Json json(const base::HttpResponse& answer) {
    return base::parse_json(answer.body).value_or(base::Json());
  }
  std::string begin(const std::string& name) {
    return base::json_string(json(call("CreateArtifact", {{"name", name}}, job_)), "signed_upload_url");
  }
  void upload(const std::string& name, const std::string& content) {
    EXPECT_EQ(send("PUT", begin(name), content, {{"x-ms-blob-type", "BlockBlob"}}).status, 201);
    const auto done =
        call("FinalizeArtifact", {{"name", name}, {"size", std::to_string(content.size())}}, job_);
    EXPECT_EQ(done.status, 200) << done.body;
  }

  base::TempDir folder_ = std::move(*base::TempDir::create("results"));
  std::shared_ptr<steps::BlobStore> store_;
  std::unique_ptr<ResultsService> service_;
  std::unique_ptr<base::HttpClient> http_ = base::make_curl_http_client();
  Job job_;
};

TEST_F(ResultsServiceTest, GivesEachJobItsAddressesAndAToken) {
  EXPECT_THAT(job_.environment.at("ACTIONS_RUNTIME_URL"), StartsWith("http://127.0.0.1:"));
  EXPECT_EQ(job_.environment.at("ACTIONS_CACHE_SERVICE_V2"), "True");
  EXPECT_TRUE(job_.environment.at("ACTIONS_CACHE_URL").ends_with("/"));
  EXPECT_EQ(base::json_string(claims_of(job_), "ac"), R"([{"Scope":"refs/heads/main","Permission":3}])");
  const auto other = add("other", 7);
  EXPECT_EQ(other.run, job_.run);
  EXPECT_NE(other.job, job_.job);
  EXPECT_NE(other.environment.at("ACTIONS_RUNTIME_TOKEN"), job_.environment.at("ACTIONS_RUNTIME_TOKEN"));
}

TEST_F(ResultsServiceTest, ListsWhatAnotherJobOfTheRunUploaded) {
  upload("result", "content");
  const auto other = add("other", 7);
  const auto list = json(call("ListArtifacts", {{"name_filter", "result"}}, other));
  ASSERT_EQ(list["artifacts"].size(), 1U);
  const auto& artifact = list["artifacts"][0];
  EXPECT_EQ(artifact["workflow_job_run_backend_id"], job_.job);
  EXPECT_EQ(artifact["size"], "7");
  EXPECT_EQ(artifact["digest"], "sha256:" + base::sha256_hex("content"));
  const auto id = artifact["database_id"].get<std::string>();
  EXPECT_EQ(json(call("ListArtifacts", {{"id_filter", id}}, other))["artifacts"].size(), 1U);
  EXPECT_EQ(json(call("ListArtifacts", {{"id_filter", "999"}}, other))["artifacts"].size(), 0U);
}

TEST_F(ResultsServiceTest, RefusesAnotherRunAndAnUnknownToken) {
  upload("result", "content");
  const auto foreign = add("test", 8);
  EXPECT_EQ(json(call("ListArtifacts", base::Json::object(), foreign))["artifacts"].size(), 0U);
  const auto answer = call("ListArtifacts", {{"workflow_run_backend_id", job_.run}}, foreign);
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("permission_denied"));
  auto unknown = job_;
  unknown.environment["ACTIONS_RUNTIME_TOKEN"] += "x";
  EXPECT_EQ(call("ListArtifacts", base::Json::object(), unknown).status, 401);
  service_->remove_job("test");
  EXPECT_EQ(call("ListArtifacts", base::Json::object(), job_).status, 401);
}

TEST_F(ResultsServiceTest, PutsBlocksTogetherInTheOrderOfTheList) {
  const auto url = begin("result");
  EXPECT_EQ(send("PUT", url + "&comp=block&blockid=Yg%3D%3D", "two").status, 201);
  EXPECT_EQ(send("PUT", url + "&comp=block&blockid=YQ%3D%3D", "first").status, 201);
  EXPECT_EQ(send("PUT", url + "&comp=block&blockid=YQ%3D%3D", "one").status, 201);  // sent again
  const auto unknown = send("PUT", url + "&comp=blocklist", "<BlockList><Latest>eA==</Latest></BlockList>");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(base::header_value(unknown.headers, "x-ms-error-code"), "InvalidBlockList");
  EXPECT_EQ(send("PUT", url + "&comp=blocklist",
                 "<?xml version=\"1.0\"?><BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>")
                .status,
            201);
  EXPECT_EQ(call("FinalizeArtifact", {{"name", "result"}, {"size", "7"}}, job_).status, 400);
}

TEST_F(ResultsServiceTest, FinalizesWithTheSizeThatCameOnly) {
  EXPECT_EQ(send("PUT", begin("result"), "onetwo", {{"x-ms-blob-type", "BlockBlob"}}).status, 201);
  EXPECT_EQ(call("FinalizeArtifact", {{"name", "other"}, {"size", "6"}}, job_).status, 404);
  EXPECT_EQ(call("FinalizeArtifact", {{"name", "result"}, {"size", "6"}}, job_).status, 200);
  const auto kept = steps::find_artifact(*store_, 7, "result");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->blob.sha256, base::sha256_hex("onetwo"));
  EXPECT_EQ(call("CreateArtifact", {{"name", "result"}}, job_).status, 409);
}

TEST_F(ResultsServiceTest, DropsWhatAJobHasNotFinished) {
  begin("result");
  EXPECT_EQ(call("CreateArtifact", {{"name", "result"}}, add("other", 7)).status, 409);
  service_->remove_job("test");
  EXPECT_EQ(call("CreateArtifact", {{"name", "result"}}, add("other", 7)).status, 200);
}

TEST_F(ResultsServiceTest, AnswersRangesAsAzureDoes) {
  upload("result", "0123456789");
  const auto url =
      base::json_string(json(call("GetSignedArtifactURL", {{"name", "result"}}, job_)), "signed_url");
  const struct {
    const char* range;
    int status;
    const char* body;
  } cases[] = {{"bytes=2-4", 206, "234"}, {"bytes=7-", 206, "789"},    {"bytes=-2", 206, "89"},
               {"bytes=8-99", 206, "89"}, {"bytes=10-", 416, nullptr}, {"bytes=4-2", 416, nullptr}};
  for (const auto& one : cases) {
    const auto answer = send("GET", url, "", {{"Range", one.range}});
    EXPECT_EQ(answer.status, one.status) << one.range;
    if (one.body != nullptr) {
      EXPECT_EQ(answer.body, one.body) << one.range;
    }
  }
  EXPECT_EQ(send("GET", url, "", {{"Range", "bytes=0-1"}, {"x-ms-range", "bytes=5-6"}}).body, "56");
  EXPECT_EQ(send("GET", url, "").body, "0123456789");
}

TEST_F(ResultsServiceTest, SignsAnAddressForOneThingOnly) {
  upload("result", "x");
  const auto url =
      base::json_string(json(call("GetSignedArtifactURL", {{"name", "result"}}, job_)), "signed_url");
  EXPECT_EQ(send("PUT", url, "y", {{"x-ms-blob-type", "BlockBlob"}}).status, 403);
  EXPECT_EQ(send("GET", base::replace_all(url, "/1?", "/2?"), "").status, 403);
  EXPECT_EQ(send("GET", base::replace_all(url, "se=", "se=9"), "").status, 403);
  EXPECT_EQ(send("DELETE", url, "").status, 405);
}

TEST_F(ResultsServiceTest, SaysWhatIsWrongWithACall) {
  EXPECT_EQ(call("NoSuchMethod", base::Json::object(), job_).status, 404);
  EXPECT_EQ(call("CreateArtifact", {{"name", "a/b"}}, job_).status, 400);
  EXPECT_EQ(call("CreateCacheEntry", {{"key", "a,b"}, {"version", "v"}}, job_).status, 400);
  EXPECT_EQ(call("CreateArtifact", {{"name", std::string(2U << 20, 'x')}}, job_).status, 400);
  EXPECT_EQ(send("GET", job_.environment.at("ACTIONS_RESULTS_URL"), "").status, 401);
}

TEST_F(ResultsServiceTest, GivesNoMoreOfTheCachesThanTheJobsMode) {
  using workflow::CacheMode;
  const base::Json entry = {{"key", "k"}, {"version", "v"}};
  const auto reader = add("reader", 7, CacheMode::read);
  EXPECT_EQ(reader.environment.at("ACTIONS_CACHE_MODE"), "read");
  const auto refused = json(call("CreateCacheEntry", entry, reader));
  EXPECT_EQ(refused["ok"], false);
  EXPECT_THAT(base::json_string(refused, "message"), StartsWith("cache write denied:"));
  EXPECT_EQ(call("GetCacheEntryDownloadURL", entry, reader).status, 200);
  EXPECT_EQ(base::json_string(claims_of(reader), "ac"), R"([{"Scope":"refs/heads/main","Permission":1}])");

  const auto writer = add("writer", 7, CacheMode::write_only);
  EXPECT_EQ(json(call("CreateCacheEntry", entry, writer))["ok"], true);
  const auto unread = call("GetCacheEntryDownloadURL", entry, writer);
  EXPECT_EQ(unread.status, 403);
  EXPECT_THAT(unread.body, HasSubstr("cache read denied:"));
  EXPECT_EQ(base::json_string(claims_of(add("none", 7, CacheMode::none)), "ac"), "[]");
}

TEST_F(ResultsServiceTest, TellsOldClientsAboutTheJobsMode) {
  const auto job = add("none", 7, workflow::CacheMode::none);
  const base::Headers token{{"Authorization", "Bearer " + job.environment.at("ACTIONS_RUNTIME_TOKEN")}};
  const auto caches = job.environment.at("ACTIONS_CACHE_URL") + "_apis/artifactcache/";
  const auto found = send("GET", caches + "cache?keys=k&version=v", "", token);
  EXPECT_EQ(found.status, 403);
  EXPECT_THAT(found.body, HasSubstr("cache read denied:"));
  const auto reserved = send("POST", caches + "caches", R"({"key":"k","version":"v"})", token);
  EXPECT_EQ(reserved.status, 403);
  EXPECT_THAT(reserved.body, HasSubstr("cache write denied:"));
}

class ResultsAccessOfAJob : public ::testing::Test {
 protected:
  ResultsAccessOfAJob() {
    workflow::expression::Object repository;
    repository.set("default_branch", Value("trunk"));
    workflow::expression::Object event;
    event.set("repository", Value(std::move(repository)));
    set("event", Value(std::move(event)));
    set("run_id", "17");
    set("repository", "octo/repo");
    planned_.job = &job_;
  }

  using Value = workflow::expression::Value;
  void set(const char* name, Value value) { github_.set(name, std::move(value)); }
  void set(const char* name, const char* text) { set(name, Value(text)); }
  steps::ResultsAccess access() { return results_access(Value(github_), planned_, nullptr); }
  workflow::CacheMode mode_of(const char* event, const char* ref) {
    set("event_name", event);
    set("ref", ref);
    return access().cache_mode;
  }

  workflow::expression::Object github_;
  workflow::Job job_;
  workflow::PlannedJob planned_;
};

TEST_F(ResultsAccessOfAJob, FollowsWhatTheRunIsAbout) {
  set("ref", "refs/pull/3/merge");
  set("base_ref", "release");
  EXPECT_EQ(access().run_id, 17);
  EXPECT_EQ(access().cache_scope, "refs/pull/3/merge");
  EXPECT_THAT(access().cache_scopes,
              ::testing::ElementsAre("refs/pull/3/merge", "refs/heads/release", "refs/heads/trunk"));
}

TEST_F(ResultsAccessOfAJob, LetsNobodyFillTheDefaultBranchsCachesWhoMayNotPush) {
  using workflow::CacheMode;
  EXPECT_EQ(mode_of("push", "refs/heads/trunk"), CacheMode::write);
  EXPECT_EQ(mode_of("issue_comment", "refs/heads/trunk"), CacheMode::read);
  EXPECT_EQ(mode_of("pull_request_target", "refs/heads/trunk"), CacheMode::read);
  EXPECT_EQ(mode_of("pull_request", "refs/pull/3/merge"), CacheMode::write);
  job_.cache_mode = CacheMode::write_only;
  EXPECT_EQ(mode_of("issue_comment", "refs/heads/trunk"), CacheMode::write_only);
}

}  // namespace
}  // namespace runner
