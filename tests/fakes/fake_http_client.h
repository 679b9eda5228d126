#pragma once
// An HttpClient that records requests and answers from a queue, or by a function of the request. It opens no
// socket. A body that comes from body_source is read to its end and recorded as HttpRequest::body.

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/http_client.h"

namespace fakes {

class FakeHttpClient : public base::HttpClient {
 public:
  using Answer = base::Result<base::HttpResponse>;

  FakeHttpClient() = default;
  /// Answers what the queue does not.
  explicit FakeHttpClient(std::function<Answer(const base::HttpRequest&)> answer)
      : answer_(std::move(answer)) {}

  /// The answers of the next requests, in order.
  void will_answer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  void will_answer(int status, std::string body, base::Headers headers = {}) {
    will_answer(base::HttpResponse{status, std::move(headers), std::move(body)});
  }

  Answer send(const base::HttpRequest& request) override {
    if (request.stop.stop_requested()) return base::make_error(base::ErrorKind::cancelled, "cancelled");
    base::HttpRequest sent = request;
    if (request.body_source) {
      TRY(sent.body, read_source(request.body_source));
    }
    auto answer = next_answer(sent);
    if (!answer || answer->status < 200 || answer->status > 299 || !request.body_sink) return answer;
    if (!answer->body.empty() && !request.body_sink(answer->body)) {
      return base::make_error(base::ErrorKind::invalid_input, "the answer was refused while it came in");
    }
    answer->body.clear();
    return answer;
  }

  /// What was sent so far.
  std::vector<base::HttpRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// Whether every queued answer was asked for.
  bool all_answers_used() {
    const std::lock_guard lock(mutex_);
    return answers_.empty();
  }

 private:
  static base::Result<std::string> read_source(
      const std::function<base::Result<std::size_t>(char*, std::size_t)>& source) {
    std::string body;
    char buffer[4096];
    while (true) {
      TRY(const std::size_t count, source(buffer, sizeof buffer));
      if (count == 0) return body;
      body.append(buffer, count);
    }
  }

  Answer next_answer(const base::HttpRequest& sent) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(sent);
      if (!answers_.empty()) {
        Answer answer = std::move(answers_.front());
        answers_.pop_front();
        return answer;
      }
    }
    if (answer_) return answer_(sent);
    return base::make_error(base::ErrorKind::unavailable,
                            "no answer is queued for " + sent.method + " " + sent.url);
  }

  std::mutex mutex_;
  std::function<Answer(const base::HttpRequest&)> answer_;
  std::deque<Answer> answers_;
  std::vector<base::HttpRequest> requests_;
};

}  // namespace fakes
