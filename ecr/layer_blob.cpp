#include "ecr/layer_blob.h"

#include <optional>
#include <thread>

#include "ecr/parallel_compressor.h"

namespace ecr {

namespace {

using base::Result;

}  // namespace

struct LayerBlob::State {
  State(BlobWriter blob_writer, BlockCodec which)
      : writer(std::move(blob_writer)), codec(which), block_bytes(block_size(which)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (compressor) compressor->give_up();
    if (taker.joinable()) taker.join();
  }

  // The thread that stores: takes compressed pieces until the end, or until something fails.
  void store_pieces() {
    while (true) {
      auto piece = compressor->take();
      if (!piece) {
        failure = std::move(piece).error();
        break;
      }
      if (piece->empty()) return;
      if (auto written = writer.write(*piece); !written) {
        failure = std::move(written).error();
        break;
      }
      compressor->recycle(std::move(*piece));
    }
    compressor->give_up();
  }

  // Threads are for layers of more than one block; most have less.
  Result<void> pass_on() {
    if (!compressor) {
      compressor.emplace(codec);
      taker = std::thread([this] { store_pieces(); });
    }
    if (!compressor->put(std::move(block))) return join();
    block = compressor->spare();
    return {};
  }

  Result<void> join() {
    if (taker.joinable()) taker.join();
    if (failure) return *failure;
    return {};
  }

  BlobWriter writer;
  BlockCodec codec;
  std::size_t block_bytes;
  base::Sha256 plain;
  std::uint64_t plain_size = 0;
  std::string block;
  std::optional<ParallelCompressor> compressor;
  std::thread taker;
  std::optional<base::Error> failure;  ///< the taker's, to be read once it is joined
};

LayerBlob::LayerBlob(std::unique_ptr<State> state) : state_(std::move(state)) {}
LayerBlob::LayerBlob(LayerBlob&&) noexcept = default;
LayerBlob::~LayerBlob() = default;

Result<LayerBlob> LayerBlob::start(ImageStore& store, BlockCodec codec) {
  TRY(auto writer, store.start_blob());
  return LayerBlob(std::make_unique<State>(std::move(writer), codec));
}

Result<void> LayerBlob::write(std::string_view bytes) {
  state_->plain.update(bytes);
  state_->plain_size += bytes.size();
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, state_->block_bytes - state_->block.size());
    state_->block += piece;
    bytes.remove_prefix(piece.size());
    if (state_->block.size() == state_->block_bytes) TRY(state_->pass_on());
  }
  return {};
}

Result<WrittenLayer> LayerBlob::finish() {
  if (!state_->compressor) {
    TRY(const auto packed, compress_at_once(state_->codec, state_->block));
    TRY(state_->writer.write(packed));
  } else {
    if (!state_->block.empty()) TRY(state_->pass_on());
    state_->compressor->end();
    TRY(state_->join());
  }
  WrittenLayer layer;
  layer.diff_id = Digest::from(state_->plain.finish());
  layer.uncompressed_size = state_->plain_size;
  layer.descriptor.media_type =
      state_->codec == BlockCodec::zstd ? media_type::kOciLayerZstd : media_type::kOciLayerGzip;
  layer.descriptor.size = state_->writer.size();
  TRY(layer.descriptor.digest, state_->writer.commit());
  return layer;
}

}  // namespace ecr
