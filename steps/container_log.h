#pragma once
// What a container has printed, the last of it, and who reads along.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace steps {

class ContainerLog {
 public:
  enum class Stream { output, error };
  using Reader = std::function<void(Stream stream, std::string_view bytes)>;
  struct Piece {
    Stream stream = Stream::output;
    std::string bytes;
  };

  /// What comes from now on goes there, too, in the same order; nullptr: nowhere.
  void set_reader(Reader reader);
  void add(Stream stream, std::string_view bytes);
  void begin();
  /// Nothing more will come until begin().
  void end();

  /// What there is from `position` on, which moves behind it; waits for more while there is none.
  std::vector<Piece> read(std::uint64_t& position, const std::stop_token& stop);
  /// Where the last `lines` lines begin.
  [[nodiscard]] std::uint64_t position_of_last(std::size_t lines) const;
  [[nodiscard]] std::uint64_t size() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::mutex reading_;  ///< of the reader, which may be slow: never taken while mutex_ is held
  Reader reader_;
  std::deque<Piece> pieces_;
  std::uint64_t begin_ = 0;  ///< position of the first piece: what came before is not kept
  std::uint64_t end_ = 0;
  bool ended_ = false;
};

}  // namespace steps
