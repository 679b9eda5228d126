#pragma once
// A stream compressed by several threads: blocks go in, compressed pieces come out in the same order. Few
// blocks are on their way at a time, so that a slow taker slows the giver and memory stays small.

#include <memory>
#include <string>

#include "base/result.h"
#include "ecr/block_codec.h"

namespace ecr {

class ParallelCompressor {
 public:
  explicit ParallelCompressor(BlockCodec codec, unsigned threads = threads_for_compression());
  ~ParallelCompressor();
  ParallelCompressor(ParallelCompressor&&) = delete;

  /// An empty string with memory of its own, for the next block.
  std::string spare();
  /// Waits while too many blocks are on their way. False when nobody takes any more.
  bool put(std::string block);
  /// No more blocks; or, with an error, that take() gives it.
  void end();
  void end(base::Error error);
  /// Nobody takes any more: put() gives up.
  void give_up();
  /// The next piece; empty at the end. One thread may put while another takes.
  base::Result<std::string> take();
  /// A piece's memory back.
  void recycle(std::string piece);

  static unsigned threads_for_compression();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same for what fits into one block, in the caller's thread.
base::Result<std::string> compress_at_once(BlockCodec codec, std::string_view content);

}  // namespace ecr
