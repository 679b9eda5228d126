#include "base/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/http_server.h"
#include "base/json.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/runner/gate.h"

namespace runner {
namespace {

using base::ProbeOptions;
using base::Prober;
using base::ProbeRecord;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Pair;

struct ScriptedAnswer {
  milliseconds latency;
  int status;  ///< 0 is no answer
};

/// Answers as told, each after so much time of a clock that only it moves; then holds the line.
class ScriptedService : public base::HttpClient {
 public:
  ScriptedService(fakes::FakeClock& clock, std::vector<ScriptedAnswer> answers)
      : clock_(clock), answers_(std::move(answers)) {}

  base::Result<base::HttpResponse> send(const base::HttpRequest& request) override {
    if (next_ == answers_.size()) {
      all_given_.open();
      Gate().wait(request.stop);
      return base::make_error(base::ErrorKind::cancelled, "stopped");
    }
    const auto& answer = answers_[next_++];
    clock_.advance(answer.latency);
    if (answer.status == 0) return base::make_error(base::ErrorKind::unavailable, "connection refused");
    return base::HttpResponse{.status = answer.status};
  }
  bool wait_until_all_are_given() { return all_given_.wait(); }

 private:
  fakes::FakeClock& clock_;
  std::vector<ScriptedAnswer> answers_;
  std::size_t next_ = 0;
  Gate all_given_;
};

class ProberRecord : public ::testing::Test {
 protected:
  ProbeRecord record_of(std::vector<ScriptedAnswer> answers, ProbeOptions options = {}) {
    ScriptedService service(clock_, std::move(answers));
    options.url = "http://service.example/";
    options.interval = milliseconds(20);
    options.clock = &clock_;
    Prober prober(options, service);
    EXPECT_TRUE(service.wait_until_all_are_given());
    return prober.stop();
  }
  fakes::FakeClock clock_;
};

TEST_F(ProberRecord, CountsAnswersAndFailuresByReason) {
  const auto record = record_of({{milliseconds(1), 200},
                                 {milliseconds(1), 503},
                                 {milliseconds(1), 0},
                                 {milliseconds(1), 503},
                                 {milliseconds(1), 502},
                                 {milliseconds(1), 204}});
  EXPECT_EQ(record.url, "http://service.example/");
  EXPECT_EQ(record.sent, 6U);
  EXPECT_EQ(record.failed, 4U);
  EXPECT_THAT(record.failures_by_reason,
              ElementsAre(Pair("HTTP 502", 1), Pair("HTTP 503", 2), Pair("no answer", 1)));
}

TEST_F(ProberRecord, IsToldOfWhileItGrows) {
  ScriptedService service(clock_, {{milliseconds(4), 200}, {milliseconds(1), 503}, {milliseconds(2), 200}});
  Prober prober({.url = "http://service.example/", .interval = milliseconds(20), .clock = &clock_}, service);
  EXPECT_TRUE(service.wait_until_all_are_given());
  const auto now = prober.so_far();
  EXPECT_EQ(now.url, "http://service.example/");
  EXPECT_EQ(now.sent, 3U);
  EXPECT_EQ(now.failed, 1U);
  EXPECT_EQ(now.p50_ms, 2);
  EXPECT_EQ(prober.stop().p50_ms, 2) << "what is told changes nothing";
}

TEST_F(ProberRecord, TakesNoStatusBelow500ForAFailure) {
  const auto record = record_of({{milliseconds(1), 200},
                                 {milliseconds(1), 302},
                                 {milliseconds(1), 404},
                                 {milliseconds(1), 499},
                                 {milliseconds(1), 500}});
  EXPECT_EQ(record.failed, 1U);
  EXPECT_THAT(record.failures_by_reason, ElementsAre(Pair("HTTP 500", 1)));
}

TEST_F(ProberRecord, CountsApartWhatCameBeforeTheFirstGoodAnswer) {
  const auto record = record_of({{milliseconds(900), 0},
                                 {milliseconds(900), 503},
                                 {milliseconds(2), 200},
                                 {milliseconds(2), 200},
                                 {milliseconds(2), 0}});
  EXPECT_EQ(record.before_first_success, 2U);
  EXPECT_EQ(record.sent, 3U);
  EXPECT_EQ(record.failed, 1U);
  EXPECT_DOUBLE_EQ(record.p99_ms, 2) << "a service that is not there yet has no latency";
  EXPECT_DOUBLE_EQ(record.longest_gap_ms, 20);
}

TEST_F(ProberRecord, OfAServiceThatIsUpAlreadyCountsFromTheFirstAnswerAndByTheStatusThatItIsTold) {
  const auto record = record_of({{milliseconds(1), 404}, {milliseconds(1), 302}},
                                {.lowest_bad_status = 400, .is_up_already = true});
  EXPECT_EQ(record.sent, 2U);
  EXPECT_EQ(record.before_first_success, 0U);
  EXPECT_THAT(record.failures_by_reason, ElementsAre(Pair("HTTP 404", 1)));
}

TEST_F(ProberRecord, SaysNothingOfAServiceThatNeverCame) {
  const auto record = record_of({{milliseconds(1), 503}, {milliseconds(1), 0}});
  EXPECT_EQ(record.sent, 0U);
  EXPECT_EQ(record.failed, 0U);
  EXPECT_EQ(record.before_first_success, 2U);
  EXPECT_DOUBLE_EQ(record.p50_ms, 0);
  EXPECT_DOUBLE_EQ(record.longest_gap_ms, 0);
}

TEST_F(ProberRecord, FindsThePercentilesWhateverTheOrder) {
  std::vector<ScriptedAnswer> answers;
  for (int i = 0; i < 100; ++i) answers.push_back({milliseconds((i * 37) % 100 + 1), 200});
  const auto record = record_of(std::move(answers));
  EXPECT_EQ(record.sent, 100U);
  EXPECT_DOUBLE_EQ(record.p50_ms, 50);
  EXPECT_DOUBLE_EQ(record.p95_ms, 95);
  EXPECT_DOUBLE_EQ(record.p99_ms, 99);
}

TEST_F(ProberRecord, HidesNoSlowAnswerAmongFew) {
  const auto record = record_of({{milliseconds(1), 200}, {milliseconds(800), 200}, {milliseconds(1), 200}});
  EXPECT_DOUBLE_EQ(record.p50_ms, 1);
  EXPECT_DOUBLE_EQ(record.p99_ms, 800);
}

TEST_F(ProberRecord, FindsTheLongestTimeWithoutAGoodAnswer) {
  // Good at 5 and 25 ms; then none for 20 + 20 + 20 + 70 ms; then one every 20 ms.
  const auto record = record_of({{milliseconds(5), 200},
                                 {milliseconds(5), 200},
                                 {milliseconds(5), 0},
                                 {milliseconds(5), 503},
                                 {milliseconds(75), 200},
                                 {milliseconds(5), 200}});
  EXPECT_DOUBLE_EQ(record.longest_gap_ms, 20 + 20 + 20 + 70);
}

TEST_F(ProberRecord, KeepsItsPaceAndIsNeverFaster) {
  record_of(
      {{milliseconds(5), 200}, {milliseconds(20), 200}, {milliseconds(300), 200}, {milliseconds(0), 0}});
  // What a slow answer took from the pace is not made up for.
  EXPECT_THAT(clock_.sleeps(), ElementsAre(milliseconds(15), milliseconds(20)));
}

TEST_F(ProberRecord, IsShownAsJson) {
  const auto json = to_json(record_of({{milliseconds(4), 200}, {milliseconds(4), 503}}));
  EXPECT_EQ(json["url"], "http://service.example/");
  EXPECT_EQ(json["sent"], 2);
  EXPECT_EQ(json["failed"], 1);
  EXPECT_EQ(json["failures"], base::Json({{"HTTP 503", 1}}));
  EXPECT_EQ(json["p50_ms"], 4.0);
}

/// A real server and a real client.
class ProberOnLoopback : public ::testing::Test {
 protected:
  ProbeOptions serve(base::RequestHandler handler) {
    auto started = base::HttpServer::start("127.0.0.1", 0, std::move(handler));
    EXPECT_TRUE(started.ok());
    server_ = std::move(started).value();
    return {.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/health",
            .interval = milliseconds(1)};
  }
  void TearDown() override { let_go_.open(); }

  // What handlers use outlives the server.
  std::atomic<int> served_ = 0;
  Gate came_;
  Gate let_go_;
  std::unique_ptr<base::HttpServer> server_;
  std::unique_ptr<base::HttpClient> http_ = base::make_curl_http_client();
};

TEST_F(ProberOnLoopback, CountsWhatTheServerAnswered) {
  const auto options = serve([this](const base::ServerRequest& request) {
    EXPECT_EQ(request.path, "/health");
    const int number = ++served_;
    if (number == 20) came_.open();
    base::ServerResponse response;
    if (number <= 3 || number == 6) response.status = 503;
    if (number == 9) response.status = 500;
    return response;
  });
  Prober prober(options, *http_);
  ASSERT_TRUE(came_.wait());
  const auto record = prober.stop();
  const auto counted = record.sent + record.before_first_success;
  EXPECT_EQ(record.before_first_success, 3U);
  EXPECT_THAT(record.failures_by_reason, ElementsAre(Pair("HTTP 500", 1), Pair("HTTP 503", 1)));
  // The request that was under way when it was stopped may count or not.
  EXPECT_LE(counted, static_cast<std::uint64_t>(served_));
  EXPECT_GE(counted + 1, static_cast<std::uint64_t>(served_));
  EXPECT_GT(record.p50_ms, 0);
  EXPECT_LE(record.p50_ms, record.p95_ms);
  EXPECT_LE(record.p95_ms, record.p99_ms);
  EXPECT_GT(record.longest_gap_ms, 0);
}

TEST_F(ProberOnLoopback, DoesNotCountTheRequestThatItsOwnEndCutOff) {
  const auto options = serve([this](const base::ServerRequest&) {
    if (++served_ > 1) {
      came_.open();
      let_go_.wait();
    }
    return base::ServerResponse();
  });
  Prober prober(options, *http_);
  ASSERT_TRUE(came_.wait());
  const auto record = prober.stop();
  EXPECT_EQ(record.sent, 1U);
  EXPECT_EQ(record.failed, 0U);
}

/// Passes on to the real client, and tells when a request came after one that had no answer: by then that one
/// is on record.
class WatchedClient : public base::HttpClient {
 public:
  explicit WatchedClient(base::HttpClient& real) : real_(real) {}
  base::Result<base::HttpResponse> send(const base::HttpRequest& request) override {
    if (one_stayed_out_) asked_again.open();
    auto answer = real_.send(request);
    if (answer) answered.open();
    one_stayed_out_ = one_stayed_out_ || !answer;
    return answer;
  }
  Gate answered;
  Gate asked_again;

 private:
  base::HttpClient& real_;
  bool one_stayed_out_ = false;
};

TEST_F(ProberOnLoopback, EndsInTheMiddleOfItsPause) {
  auto options = serve([this](const base::ServerRequest&) {
    ++served_;
    return base::ServerResponse();
  });
  options.interval = std::chrono::hours(1);
  WatchedClient client(*http_);
  Prober prober(options, client);
  ASSERT_TRUE(client.answered.wait());
  EXPECT_EQ(prober.stop().sent, 1U);
  EXPECT_EQ(served_, 1);
}

TEST_F(ProberOnLoopback, CountsAServiceThatWentAwayAsFailed) {
  const auto options = serve([](const base::ServerRequest&) { return base::ServerResponse(); });
  WatchedClient client(*http_);
  Prober prober(options, client);
  ASSERT_TRUE(client.answered.wait());
  server_.reset();
  ASSERT_TRUE(client.asked_again.wait());
  const auto record = prober.stop();
  EXPECT_GE(record.failed, 1U);
  EXPECT_GT(record.sent, record.failed);
  EXPECT_THAT(record.failures_by_reason, ElementsAre(Pair("no answer", record.failed)));
}

TEST_F(ProberOnLoopback, CountsAnAnswerThatComesTooLateAsFailed) {
  auto options = serve([this](const base::ServerRequest&) {
    if (++served_ > 1) let_go_.wait();
    return base::ServerResponse();
  });
  options.timeout = milliseconds(200);
  WatchedClient client(*http_);
  Prober prober(options, client);
  ASSERT_TRUE(client.asked_again.wait());
  const auto record = prober.stop();
  EXPECT_GE(record.failed, 1U);
  EXPECT_THAT(record.failures_by_reason, ElementsAre(Pair("no answer", record.failed)));
  EXPECT_GE(record.p99_ms, 200);
}

}  // namespace
}  // namespace runner
