#pragma once
// The jobs and steps of a run as they stand, and the lines that show them in so many rows and columns. Pure:
// no terminal, no clock of its own. Not for what stays on the screen when it is over (run_summary).

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.h"
#include "runner/log_style.h"
#include "runner/run_event.h"

namespace runner {

struct ScreenSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

class LiveTree {
 public:
  /// `jobs` is how many the run has, 0 when that is not known.
  LiveTree(std::size_t jobs, Color color) : jobs_expected_(jobs), color_(color) {}

  /// The event's job and text must be printable already.
  void take(const RunEvent& event, base::SteadyTime now);
  /// The lines of a job that has just finished: itself and its steps. To be shown once, for good.
  [[nodiscard]] std::vector<std::string> finished_job(const std::string& job, std::size_t columns) const;
  /// What is shown of what runs: at most rows - 1 lines, none wider than the screen. Empty when nothing runs.
  [[nodiscard]] std::vector<std::string> lines(const ScreenSize& size, base::SteadyTime now) const;

 private:
  struct Step {
    int number = 0;
    std::string name;
    std::string conclusion;  ///< empty while it runs
    base::SteadyTime started;
    double milliseconds = 0;
    std::deque<std::string> tail;  ///< its last lines
    bool of_runner = false;        ///< stays when it had something to tell
    bool told = false;
  };
  struct Job {
    std::string name;
    std::string conclusion;
    std::string reason;
    base::SteadyTime started;
    double milliseconds = 0;
    std::vector<Step> steps;
  };
  /// How much of each running job is shown.
  struct Detail {
    bool steps = true;           ///< a line for each step that runs
    bool finished_steps = true;  ///< and for those that are done
    std::size_t tail = 0;        ///< last lines of each step that runs
  };

  Job& job(const std::string& name);
  Step* step(Job& job, int number);
  [[nodiscard]] std::vector<std::string> lines_of(const Job& job, const Detail& detail, std::size_t columns,
                                                  base::SteadyTime now) const;
  [[nodiscard]] std::vector<std::string> tree(const Detail& detail, std::size_t columns,
                                              base::SteadyTime now) const;
  [[nodiscard]] std::string step_line(const Step& step, std::size_t columns, base::SteadyTime now) const;
  [[nodiscard]] std::string status_line(base::SteadyTime now) const;
  [[nodiscard]] std::string line(const std::string& left, const std::string& right,
                                 std::size_t columns) const;

  std::size_t jobs_expected_ = 0;
  Color color_ = Color::never;
  base::SteadyTime started_;
  bool begun_ = false;
  std::vector<Job> jobs_;
};

}  // namespace runner
