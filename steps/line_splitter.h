#pragma once
// Cuts a stream of bytes at the ends of lines, with bounded memory. Knows no encoding: invalid UTF-8 passes.
// Lines that came together are passed on together: most output is never looked at line by line.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace steps {

class LineSplitter {
 public:
  /// One or more whole lines with "\n" between them, without the last one's.
  using Receiver = std::function<void(std::string_view lines)>;
  /// How much of an unfinished line may be passed on as a piece; absent is all of it.
  using SafeCut = std::function<std::size_t(std::string_view unfinished)>;

  explicit LineSplitter(Receiver receiver, SafeCut safe_cut = nullptr, std::size_t limit = 64U << 10);
  /// Lines end with "\n", "\r\n" or "\r" (as .NET's ReadLine, which workflow commands are specified by).
  void feed(std::string_view bytes);
  /// Passes on a last line without an end.
  void finish();

 private:
  void feed_line_by_line(std::string_view bytes);
  void take(std::string_view bytes);
  void pass_unfinished();
  void pass_pieces();

  Receiver receiver_;
  SafeCut safe_cut_;
  std::size_t limit_;
  std::string unfinished_;
  bool after_return_ = false;
};

}  // namespace steps
