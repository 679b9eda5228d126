#pragma once
// Cuts a stream of bytes into lines with bounded memory. Knows no encoding: invalid UTF-8 passes.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace steps {

class LineSplitter {
 public:
  using Receiver = std::function<void(std::string_view line)>;
  /// How much of an unfinished line may be passed on as a piece; absent is all of it.
  using SafeCut = std::function<std::size_t(std::string_view unfinished)>;

  explicit LineSplitter(Receiver receiver, SafeCut safe_cut = nullptr, std::size_t limit = 64U << 10);
  /// Lines end with "\n", "\r\n" or "\r" (as .NET's ReadLine, which workflow commands are specified by).
  void feed(std::string_view bytes);
  /// Passes on a last line without an end.
  void finish();

 private:
  void take(std::string_view bytes);
  void pass_pieces();

  Receiver receiver_;
  SafeCut safe_cut_;
  std::size_t limit_;
  std::string unfinished_;
  bool after_return_ = false;
};

}  // namespace steps
