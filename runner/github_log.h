#pragma once
// A reader of the event stream that writes what `gh run view --log` shows of a run: job, step, time and line,
// with the runner's tags (`##[group]` …), a tab between them. For tools that read GitHub's logs.

#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "runner/run_event.h"

namespace runner {

class GithubLog {
 public:
  /// Of debug lines there are some only in a run that is debugged.
  GithubLog(std::FILE* out, bool debug) : out_(out), debug_(debug) {}
  void operator()(const RunEvent& event);

 private:
  void put(const RunEvent& event, const std::string& step, std::string_view line);

  std::FILE* out_;
  bool debug_ = false;
  std::map<std::pair<std::string, int>, std::string> steps_;  ///< names, by job and number
};

}  // namespace runner
