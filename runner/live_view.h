#pragma once
// A reader of the event stream for a terminal: the tree of what runs, drawn over itself, and above it what is
// over. Between two drawings the terminal is as it always is, so that no end of the program leaves it
// otherwise. Not for files and pipes (terminal_log).

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runner/live_tree.h"
#include "runner/run_summary.h"

namespace runner {

struct LiveOptions {
  int terminal = 1;
  Color color = Color::never;
  std::size_t jobs = 0;  ///< how many the run has; 0 when that is not known
};

class LiveView {
 public:
  explicit LiveView(const LiveOptions& options);
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;
  ~LiveView();
  void operator()(const RunEvent& event);

 private:
  void draw_from_time_to_time(const std::stop_token& stop);
  /// Takes the tree away, shows `above` for good and draws the tree again.
  void draw(const std::string& above);
  [[nodiscard]] std::string way_up(const ScreenSize& size) const;

  LiveOptions options_;
  std::mutex mutex_;
  LiveTree tree_;
  RunSummary summary_;
  std::vector<std::size_t> drawn_;  ///< the width of each line of the tree on the screen
  bool changed_ = false;
  bool over_ = false;
  std::condition_variable_any wake_;
  std::jthread timer_;
};

/// Whether a tree can be drawn on that descriptor: a terminal that obeys cursor sequences.
bool can_show_live(int descriptor);

}  // namespace runner
