#pragma once
// A LogSink that remembers, for tests.

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/strings.h"
#include "steps/log_sink.h"

namespace fakes {

class FakeLogSink : public steps::LogSink {
 public:
  struct Line {
    steps::LineKind kind;
    std::string text;
  };
  struct Event {
    std::string type;
    base::Json details;
  };

  void line(steps::LineKind kind, std::string_view text) override {
    std::lock_guard lock(mutex_);
    lines.push_back({kind, std::string(text)});
  }
  void output(std::string_view block) override {
    for (const auto& text : base::split(block, '\n')) line(steps::LineKind::output, text);
  }
  void annotation(const steps::Annotation& annotation) override {
    std::lock_guard lock(mutex_);
    annotations.push_back(annotation);
    lines.push_back({annotation.level, annotation.message});
  }
  void event(std::string_view type, const base::Json& details) override {
    std::lock_guard lock(mutex_);
    events.push_back({std::string(type), details});
  }

  /// The texts of one kind, in order.
  std::vector<std::string> texts(steps::LineKind kind) const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const Line& line : lines) {
      if (line.kind == kind) found.push_back(line.text);
    }
    return found;
  }
  /// Everything, one line each.
  std::string all() const {
    std::lock_guard lock(mutex_);
    std::string text;
    for (const Line& line : lines) text += line.text + "\n";
    return text;
  }

  std::vector<Line> lines;
  std::vector<steps::Annotation> annotations;
  std::vector<Event> events;

 private:
  mutable std::mutex mutex_;
};

}  // namespace fakes
