#include "server/report_sender.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "server/database.h"
#include "server/reporting.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_github.h"
#include "tests/fakes/fake_http_client.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const base::RsaKey& app_key() {
  static const base::RsaKey key = base::RsaKey::generate().value();
  return key;
}

base::RsaKey copy_of(const base::RsaKey& key) {
  return base::RsaKey::from_private_pem(key.private_pem().value()).value();
}

class ReportSenderTest : public testing::Test {
 protected:
  ReportSenderTest()
      : folder_(base::TempDir::create("reports").value()),
        database_(server::open_database(folder_.path()).value()),
        app_({.client_id = "Iv1.app", .http = &http_, .clock = &clock_}, copy_of(app_key())) {
    EXPECT_TRUE(base::write_file(folder_.path() / "token", "ghp_token\n", 0600));
    config_.repositories.push_back({.name = "octo/app", .url = "https://github.com/octo/app.git"});
    config_.repositories.push_back(
        {.name = "octo/gitea",
         .forge = server::Forge::gitea,
         .url = "https://git.example.org/octo/gitea.git",
         .credential = {server::SecretSource::Kind::file, (folder_.path() / "token").string()}});
  }

  server::Report report(std::string state, std::string conclusion = "") {
    return {.id = "attempt-1",
            .repository = "octo/app",
            .sha = std::string(40, 'a'),
            .name = "CI",
            .state = std::move(state),
            .conclusion = std::move(conclusion),
            .title = "Title",
            .summary = "Summary",
            .started = 1767323000,
            .completed = 1767323045};
  }
  server::ReportSender sender() {
    return server::ReportSender(
        {.config = &config_, .app = &app_, .http = &http_, .clock = &clock_, .random = [] { return 1.0; }},
        outbox_);
  }
  double now() { return base::to_epoch_seconds(clock_.now()); }
  void put(const server::Report& one) { ASSERT_TRUE(outbox_.put(one, now())); }
  std::string state_of(std::int64_t id) { return base::json_string(github_.check_runs[id].body, "status"); }

  base::TempDir folder_;
  fakes::FakeClock clock_;
  fakes::FakeGithub github_{"Iv1.app", app_key(), clock_};
  fakes::FakeHttpClient http_{[this](const base::HttpRequest& request) { return github_.answer(request); }};
  runner::Sqlite database_;
  server::ReportOutbox outbox_{database_};
  server::GithubApp app_;
  server::Config config_;
};

TEST_F(ReportSenderTest, MakesACheckRunAndChangesItAsTheRunGoesOn) {
  auto sending = sender();
  put(report("queued"));
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(state_of(1), "queued");
  put(report("completed", "failure"));
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  ASSERT_EQ(github_.check_runs.size(), 1U);
  EXPECT_EQ(base::json_string(github_.check_runs[1].body, "conclusion"), "failure");
  EXPECT_EQ(base::json_string(github_.check_runs[1].body, "external_id"), "attempt-1");
  EXPECT_EQ(sending.send_due().value_or(-1), 0);
}

TEST_F(ReportSenderTest, AsksForATokenOfOneRepositoryWithFewRightsAndKeepsIt) {
  auto sending = sender();
  put(report("queued"));
  ASSERT_TRUE(sending.send_due());
  put(report("in_progress"));
  ASSERT_TRUE(sending.send_due());
  ASSERT_EQ(github_.token_requests.size(), 1U);
  EXPECT_EQ(base::to_text(github_.token_requests[0]["repositories"]), R"(["app"])");
  EXPECT_EQ(base::to_text(github_.token_requests[0]["permissions"]),
            R"({"checks":"write","metadata":"read"})");
  clock_.advance(std::chrono::minutes(51));
  put(report("completed", "success"));
  ASSERT_TRUE(sending.send_due());
  EXPECT_EQ(github_.token_requests.size(), 2U) << "the token had less than ten minutes left";
}

TEST_F(ReportSenderTest, FetchesAnotherTokenWhenGithubDoesNotTakeItsOwn) {
  auto sending = sender();
  put(report("queued"));
  ASSERT_TRUE(sending.send_due());
  github_.tokens.clear();
  put(report("in_progress"));
  EXPECT_EQ(sending.send_due().value_or(-1), 0);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(state_of(1), "in_progress");
}

TEST_F(ReportSenderTest, SendsOnlyTheNewestStateAfterAForgeWasDown) {
  auto sending = sender();
  github_.down = true;
  put(report("queued"));
  EXPECT_EQ(sending.send_due().value_or(-1), 0);
  put(report("in_progress"));
  put(report("completed", "success"));
  EXPECT_EQ(outbox_.backlog()->reports, 1);
  github_.down = false;
  EXPECT_EQ(sending.send_due().value_or(-1), 0) << "the pause is not over";
  clock_.advance(std::chrono::seconds(30));
  github_.paths.clear();
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(state_of(1), "completed");
  EXPECT_EQ(outbox_.backlog()->reports, 0);
  EXPECT_EQ(std::count(github_.paths.begin(), github_.paths.end(), "POST /repos/octo/app/check-runs"), 1);
}

TEST_F(ReportSenderTest, MakesNoSecondCheckRunWhenTheAnswerToTheFirstWasLost) {
  auto sending = sender();
  put(report("queued"));
  ASSERT_TRUE(app_.token_for("octo/app", server::GithubRight::checks));
  github_.lose_answers = 1;
  EXPECT_EQ(sending.send_due().value_or(-1), 0);
  clock_.advance(std::chrono::seconds(30));
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(github_.check_runs.size(), 1U);
}

TEST_F(ReportSenderTest, AddsAnnotationsFiftyAtATime) {
  auto done = report("completed", "failure");
  done.annotations = base::Json::array();
  for (int i = 1; i <= 120; ++i)
    done.annotations.push_back({{"path", "a.py"}, {"line", i}, {"level", "warning"}, {"message", "m"}});
  auto sending = sender();
  put(done);
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(github_.check_runs.size(), 1U);
  EXPECT_EQ(github_.check_runs[1].annotations, 120U);
}

TEST_F(ReportSenderTest, LeavesAForgeAloneForAsLongAsItAsks) {
  auto sending = sender();
  ASSERT_TRUE(app_.token_for("octo/app", server::GithubRight::checks));
  const auto waits = [&](base::HttpResponse limit, int seconds) {
    github_.next_answers.push_back(std::move(limit));
    put(report("in_progress"));
    EXPECT_EQ(sending.send_due().value_or(-1), 0);
    github_.paths.clear();
    clock_.advance(std::chrono::seconds(seconds - 1));
    EXPECT_EQ(sending.send_due().value_or(-1), 0);
    EXPECT_THAT(github_.paths, ElementsAre());
    clock_.advance(std::chrono::seconds(2));
    EXPECT_EQ(sending.send_due().value_or(-1), 1);
  };
  waits({403, {{"Retry-After", "90"}}, R"({"message":"You have exceeded a secondary rate limit"})"}, 90);
  waits({429, {}, ""}, 60);
  const auto reset = std::to_string(static_cast<std::int64_t>(now()) + 300);
  waits({403,
         {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}},
         R"({"message":"API rate limit exceeded"})"},
        300);
}

TEST_F(ReportSenderTest, GivesUpWhatWillNeverGoThroughAndWhatIsADayOld) {
  auto sending = sender();
  auto wrong = report("in_progress");
  wrong.sha = "no commit";
  put(wrong);
  EXPECT_EQ(sending.send_due().value_or(-1), 0);
  EXPECT_EQ(outbox_.backlog()->reports, 0);
  github_.down = true;
  put(report("in_progress"));
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(sending.send_due());
    clock_.advance(std::chrono::minutes(16));
  }
  EXPECT_EQ(outbox_.backlog()->reports, 0);
}

TEST_F(ReportSenderTest, TellsGiteaByCommitStatusesWithTheRepositorysToken) {
  github_.tokens.insert("ghp_token");
  auto done = report("completed", "cancelled");
  done.repository = "octo/gitea";
  auto sending = sender();
  put(done);
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  ASSERT_EQ(github_.statuses.size(), 1U);
  EXPECT_EQ(base::json_string(github_.statuses[0], "state"), "error");
  EXPECT_EQ(base::json_string(github_.statuses[0], "context"), "pipeline / CI");
  EXPECT_EQ(http_.requests().back().url,
            "https://git.example.org/api/v1/repos/octo/gitea/statuses/" + std::string(40, 'a'));
}

TEST_F(ReportSenderTest, AnAppWithAnotherKeyIsRefusedAndItsKeyIsNotShown) {
  server::GithubApp other({.client_id = "Iv1.app", .http = &http_, .clock = &clock_},
                          base::RsaKey::generate().value());
  const auto token = other.token_for("octo/app", server::GithubRight::checks);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, base::ErrorKind::denied);
  EXPECT_THAT(token.error().message, HasSubstr("could not be decoded"));
}

TEST_F(ReportSenderTest, CollectsWhatChangedInTheQueueOnce) {
  const auto insert =
      "INSERT INTO attempts (repository, workflow, name, event, ref, sha, actor, payload, meaning, "
      "delivery_id, trust, priority, labels, state, queued) VALUES ('octo/app', 'ci.yml', 'CI', 'push', "
      "'refs/heads/main', ?, 'octo', '{}', ?, 1, 'trusted', 0, '', 'queued', 1)";
  const auto note = [this](std::int64_t attempt) {
    return database_.run(
        "noting", "INSERT INTO journal (time, type, attempt, fence, about) VALUES (1, 'queued', ?, 0, '')",
        {attempt});
  };
  ASSERT_TRUE(database_.run("queueing", insert, {std::string(40, 'a'), std::string("one")}));
  ASSERT_TRUE(database_.run("queueing", insert, {std::string(40, '0'), std::string("two")}));
  ASSERT_TRUE(note(1));
  ASSERT_TRUE(note(2));
  const auto collect = [&] {
    return server::collect_reports(database_, outbox_, config_, folder_.path(), now()).value_or(-1);
  };
  EXPECT_EQ(collect(), 1) << "there is nothing to tell of a branch that was deleted";
  EXPECT_EQ(collect(), 0);
  auto sending = sender();
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(state_of(1), "queued");
  ASSERT_TRUE(
      database_.run("ending", "UPDATE attempts SET state = 'done', conclusion = 'success' WHERE id = 1"));
  ASSERT_TRUE(note(1));
  EXPECT_EQ(collect(), 1);
  EXPECT_EQ(sending.send_due().value_or(-1), 1);
  EXPECT_EQ(base::json_string(github_.check_runs[1].body, "conclusion"), "success");
}

}  // namespace
