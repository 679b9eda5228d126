#include "emulator/forward_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"

namespace emulator {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto kIdle = std::chrono::seconds(60);
constexpr std::uint64_t kReplayableBody = 64 * 1024;
constexpr int kAttempts = 4;

bool is_idempotent(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

bool wants_upgrade(const RequestHead& head) {
  return base::to_lower(head.field("connection").value_or("")).find("upgrade") != std::string::npos &&
         head.field("upgrade").has_value();
}

/// One request on its way.
class Exchange {
 public:
  Exchange(FrontConnection& front, FrontCounters& counters, RequestHead head, BodyFraming framing)
      : front_(front), counters_(counters), head_(std::move(head)), framing_(framing) {}

  AfterRequest run(const Router& router);

 private:
  enum class Attempt { answered, retry, failed };

  AfterRequest answer(int status, std::string_view reason);
  AfterRequest answer_fixed(const RouteDecision::FixedResponse& fixed);
  void make_outgoing_head();
  bool read_small_body();
  Attempt attempt(TargetGroup& group);
  Attempt exchange_with(TargetLease& lease, std::unique_ptr<HttpConnection> target, bool reused);
  bool send_request(HttpConnection& target);
  bool carry_back(TargetLease& lease, std::unique_ptr<HttpConnection> target, ResponseHead response);

  FrontConnection& front_;
  FrontCounters& counters_;
  RequestHead head_;
  BodyFraming framing_;
  std::string outgoing_;
  std::string cookie_;
  std::string body_;  ///< when it is small enough to be sent again
  bool body_is_kept_ = true;
  bool body_was_started_ = false;
  bool client_failed_ = false;
  bool upgrade_ = false;
  std::set<TargetId> excluded_;
  int failure_status_ = 503;
  AfterRequest after_ = AfterRequest::close;
};

AfterRequest Exchange::answer(int status, std::string_view reason) {
  if (status == 502) ++counters_.answered_502;
  if (status == 503) ++counters_.answered_503;
  if (status == 504) ++counters_.answered_504;
  const bool body_is_read = framing_.kind == BodyFraming::Kind::none || (body_is_kept_ && body_was_started_);
  const bool keep = body_is_read && keeps_alive(head_, head_.minor_version);
  const std::string text = fmt::format(
      "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} {1}</h1>"
      "</center>\r\n</body>\r\n</html>\r\n",
      status, reason);
  const std::string whole = simple_response(status, reason, head_.method == "HEAD" ? "" : text, keep);
  if (front_.client->write(whole, kIdle) != Transfer::ok) return AfterRequest::close;
  return keep ? AfterRequest::keep_open : AfterRequest::close;
}

AfterRequest Exchange::answer_fixed(const RouteDecision::FixedResponse& fixed) {
  const bool keep = framing_.kind == BodyFraming::Kind::none && keeps_alive(head_, head_.minor_version);
  const std::string whole = fmt::format(
      "HTTP/1.1 {} \r\nServer: awselb/2.0\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: "
      "{}\r\n\r\n{}",
      fixed.status, fixed.content_type, fixed.body.size(), keep ? "keep-alive" : "close",
      head_.method == "HEAD" ? "" : fixed.body);
  if (front_.client->write(whole, kIdle) != Transfer::ok) return AfterRequest::close;
  return keep ? AfterRequest::keep_open : AfterRequest::close;
}

void Exchange::make_outgoing_head() {
  RequestHead head = head_;
  const std::string upgrade = head.field("upgrade").value_or("");
  upgrade_ = wants_upgrade(head) && framing_.kind == BodyFraming::Kind::none;
  remove_hop_by_hop(head);
  head.remove("expect");
  head.start_line = fmt::format("{} {} HTTP/1.1", head.method, head.target);
  if (!head.field("host")) head.add("Host", "localhost");
  const std::string forwarded = head.field("x-forwarded-for").value_or("");
  head.remove("x-forwarded-for");
  head.remove("x-forwarded-proto");
  head.remove("x-forwarded-port");
  head.add("X-Forwarded-For",
           forwarded.empty() ? front_.client_address : forwarded + ", " + front_.client_address);
  head.add("X-Forwarded-Proto", "http");
  head.add("X-Forwarded-Port", std::to_string(front_.listener_port));
  if (!head.field("x-amzn-trace-id")) {
    head.add("X-Amzn-Trace-Id",
             fmt::format("Root=1-{:08x}-{}",
                         std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1),
                         base::random_hex(12)));
  }
  if (upgrade_) {
    head.add("Connection", "Upgrade");
    head.add("Upgrade", upgrade);
  } else {
    head.add("Connection", "keep-alive");
  }
  outgoing_ = head.to_text();
}

/// Small bodies are read before a target is chosen, so that another one can get them too. False: the client
/// failed.
bool Exchange::read_small_body() {
  if (framing_.kind == BodyFraming::Kind::none) return true;
  if (framing_.kind != BodyFraming::Kind::length || framing_.length > kReplayableBody) {
    body_is_kept_ = false;
    return true;
  }
  body_was_started_ = true;
  return relay_body(*front_.client, framing_, ChunkedBytes::as_they_are, kIdle,
                    [&](std::string_view bytes) {
                      body_ += bytes;
                      return Transfer::ok;
                    })
      .ok();
}

AfterRequest Exchange::run(const Router& router) {
  const RouteDecision decision = router(head_);
  if (decision.fixed) return answer_fixed(*decision.fixed);
  if (!decision.group) return answer(503, "Service Temporarily Unavailable");
  if (base::equals_ignoring_case(head_.field("expect").value_or(""), "100-continue") &&
      front_.client->write("HTTP/1.1 100 Continue\r\n\r\n", kIdle) != Transfer::ok) {
    return AfterRequest::close;
  }
  if (!read_small_body()) return AfterRequest::close;
  cookie_ = decision.cookie;
  make_outgoing_head();
  for (int i = 0; i < kAttempts; ++i) {
    if (i > 0) ++counters_.retried;
    const Attempt outcome = attempt(*decision.group);
    if (outcome == Attempt::answered) return after_;
    if (outcome == Attempt::failed) break;
  }
  if (client_failed_) return AfterRequest::close;
  if (failure_status_ == 504) return answer(504, "Gateway Time-out");
  if (failure_status_ == 502) return answer(502, "Bad Gateway");
  return answer(503, "Service Temporarily Unavailable");
}

Exchange::Attempt Exchange::attempt(TargetGroup& group) {
  TargetLease lease = group.pick(excluded_);
  if (!lease) return Attempt::failed;  // 503 when there was none at all, else the last failure's status
  // An idle connection may be closed by the target at any moment. What cannot be sent twice gets a new one.
  if (is_idempotent(head_.method) && body_is_kept_ && !upgrade_) {
    if (auto idle = lease.take_idle_connection()) {
      idle->stop_with(front_.stop_fd);  // another listener may have made it, and be gone
      return exchange_with(lease, std::move(idle), true);
    }
  }
  auto socket = group.dial()(lease.id().address, lease.id().port);
  if (!socket) {
    lease.count_connection_error();
    excluded_.insert(lease.id());
    failure_status_ = socket.error().kind == base::ErrorKind::cancelled ? 504 : 502;
    return Attempt::retry;
  }
  return exchange_with(lease, std::make_unique<HttpConnection>(std::move(*socket), front_.stop_fd), false);
}

bool Exchange::send_request(HttpConnection& target) {
  if (target.write(body_is_kept_ ? outgoing_ + body_ : outgoing_, kIdle) != Transfer::ok) return false;
  if (body_is_kept_) return true;
  body_was_started_ = true;
  const RelayEnd end = relay_body(*front_.client, framing_, ChunkedBytes::as_they_are, kIdle,
                                  [&](std::string_view bytes) { return target.write(bytes, kIdle); });
  client_failed_ = end.source != Transfer::ok;
  return end.ok();
}

Exchange::Attempt Exchange::exchange_with(TargetLease& lease, std::unique_ptr<HttpConnection> target,
                                          bool reused) {
  const auto sent_at = SteadyClock::now();
  const bool sent = send_request(*target);
  if (client_failed_) return Attempt::failed;
  ResponseHead response;
  std::string text;
  Transfer outcome = Transfer::ok;
  do {  // interim answers are not passed on
    // A target may answer and close before it took the whole body: what it said still counts.
    outcome =
        target->read_head(text, sent ? std::chrono::milliseconds(kIdle) : std::chrono::milliseconds(200));
    if (outcome != Transfer::ok) break;
    auto parsed = parse_response_head(text);
    if (!parsed) {
      outcome = Transfer::malformed;
      break;
    }
    response = std::move(*parsed);
  } while (response.status < 200 && response.status != 101);
  if (outcome == Transfer::stopped) return Attempt::failed;
  if (outcome == Transfer::ok) {
    lease.count_answer(response.status, SteadyClock::now() - sent_at);
    after_ = carry_back(lease, std::move(target), std::move(response)) && sent ? after_ : AfterRequest::close;
    return Attempt::answered;
  }
  lease.count_connection_error();
  failure_status_ = outcome == Transfer::timed_out && sent ? 504 : 502;
  const bool nothing_answered = outcome == Transfer::closed;
  const bool may_repeat =
      nothing_answered && is_idempotent(head_.method) && (body_is_kept_ || !body_was_started_);
  if (!may_repeat) return Attempt::failed;
  if (!reused) excluded_.insert(lease.id());
  return Attempt::retry;
}

/// False when the client's connection cannot be used again.
bool Exchange::carry_back(TargetLease& lease, std::unique_ptr<HttpConnection> target, ResponseHead response) {
  HttpConnection& client = *front_.client;
  if (response.status == 101) {
    if (upgrade_ && client.write(response.to_text(), kIdle) == Transfer::ok)
      relay_both_ways(client, *target, front_.stop_fd);
    return false;
  }
  auto framing = response_framing(response, head_.method);
  if (!framing) {
    (void)answer(502, "Bad Gateway");
    return false;
  }
  const bool target_stays =
      keeps_alive(response, response.minor_version) && framing->kind != BodyFraming::Kind::until_close;
  const bool decode = framing->kind == BodyFraming::Kind::chunked && head_.minor_version == 0;
  const bool client_stays =
      keeps_alive(head_, head_.minor_version) && framing->kind != BodyFraming::Kind::until_close && !decode;
  remove_hop_by_hop(response);
  if (decode) response.remove("transfer-encoding");
  if (!cookie_.empty()) response.add("Set-Cookie", cookie_);
  response.add("Connection", client_stays ? "keep-alive" : "close");
  if (client.write(response.to_text(), kIdle) != Transfer::ok) return false;
  const RelayEnd end =
      relay_body(*target, *framing, decode ? ChunkedBytes::decoded : ChunkedBytes::as_they_are, kIdle,
                 [&](std::string_view bytes) { return client.write(bytes, kIdle); });
  if (!end.ok()) return false;
  if (target_stays && (body_is_kept_ || framing_.kind == BodyFraming::Kind::none))
    lease.give_back(std::move(target));
  after_ = client_stays ? AfterRequest::keep_open : AfterRequest::close;
  return client_stays;
}

}  // namespace

AfterRequest forward_next_request(FrontConnection& front, const Router& router, FrontCounters& counters) {
  std::string text;
  const Transfer read = front.client->read_head(text, kIdle);
  if (read == Transfer::too_large || read == Transfer::malformed) {
    (void)front.client->write(simple_response(400, "Bad Request", "", false), kIdle);
    return AfterRequest::close;
  }
  if (read != Transfer::ok) return AfterRequest::close;
  ++counters.requests;
  auto head = parse_request_head(text);
  auto framing = head ? request_framing(*head) : base::Result<BodyFraming>(head.error());
  if (!head || !framing || head->method == "CONNECT") {
    (void)front.client->write(simple_response(400, "Bad Request", "", false), kIdle);
    return AfterRequest::close;
  }
  return Exchange(front, counters, std::move(*head), *framing).run(router);
}

}  // namespace emulator
