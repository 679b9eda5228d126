#include <gmock/gmock.h>

#include <thread>

#include "base/crypto.h"
#include "ecr/compression.h"
#include "ecr/parallel_compressor.h"
#include "tests/unit/ecr/images_fixture.h"

namespace ecr {
namespace {

/// All that a source gives.
base::Result<std::string> drain(const ByteSource& source) {
  std::string all;
  std::vector<char> buffer(100'000);
  while (true) {
    TRY(const auto count, source(buffer.data(), buffer.size()));
    if (count == 0) return all;
    all.append(buffer.data(), count);
  }
}

ByteSource from_text(std::string text) {
  auto at = std::make_shared<std::size_t>(0);
  return [text = std::move(text), at](char* buffer, std::size_t size) -> base::Result<std::size_t> {
    const auto count = text.copy(buffer, size, *at);
    *at += count;
    return count;
  };
}

base::Result<std::string> compress(BlockCodec codec, const std::string& content, unsigned threads = 2) {
  ParallelCompressor compressor(codec, threads);
  std::thread giver([&] {
    for (std::size_t at = 0; at < content.size(); at += block_size(codec)) {
      if (!compressor.put(content.substr(at, block_size(codec)))) return;
    }
    compressor.end();
  });
  std::string all;
  base::Result<std::string> piece = compressor.take();
  for (; piece && !piece->empty(); piece = compressor.take()) all += *piece;
  if (!piece) compressor.give_up();
  giver.join();
  if (!piece) return piece;
  return all;
}

base::Result<std::string> decompress(BlockCodec codec, std::string packed) {
  auto source = from_text(std::move(packed));
  return drain(codec == BlockCodec::zstd ? unzstd(std::move(source)) : gunzip(std::move(source)));
}

std::string text_of_size(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size() * 7919 % 100'003) + " of a file\n";
  text.resize(size);
  return text;
}

class CompressorTest : public testing::TestWithParam<BlockCodec> {};

TEST_P(CompressorTest, GivesBackWhatItTook) {
  const auto block = block_size(GetParam());
  std::vector<std::string> contents = {"",
                                       "x",
                                       text_of_size(block - 1),
                                       text_of_size(block),
                                       text_of_size(block + 1),
                                       text_of_size(5 * block + 17),
                                       std::string(3 * block, '\0'),
                                       base::random_bytes(2 * block + 100)};
  contents.push_back(text_of_size(block) + base::random_bytes(block) + text_of_size(1000));
  for (const auto& content : contents) {
    const auto packed = take(compress(GetParam(), content));
    EXPECT_TRUE(take(decompress(GetParam(), packed)) == content) << content.size() << " bytes";
    if (content.size() <= block) {
      EXPECT_TRUE(take(decompress(GetParam(), take(compress_at_once(GetParam(), content)))) == content);
    }
  }
}

TEST_P(CompressorTest, MakesTheSameBytesHoweverManyThreads) {
  const auto content = text_of_size(4 * block_size(GetParam())) + base::random_bytes(100'000);
  EXPECT_EQ(base::sha256_hex(take(compress(GetParam(), content, 1))),
            base::sha256_hex(take(compress(GetParam(), content, 4))));
}

TEST_P(CompressorTest, AddsLittleToWhatIsPacked) {
  const auto content = base::random_bytes(3U << 20);
  EXPECT_LT(take(compress(GetParam(), content)).size(), content.size() + content.size() / 500);
}

INSTANTIATE_TEST_SUITE_P(, CompressorTest, testing::ValuesIn([] {
                           auto codecs = gzip_codecs();
                           codecs.push_back(BlockCodec::zstd);
                           return codecs;
                         }()),
                         [](const auto& test) {
                           std::string name(name_of(test.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ParallelCompressor, IsEndedByItsGiversFault) {
  ParallelCompressor compressor(BlockCodec::zlib, 1);
  ASSERT_TRUE(compressor.put("some"));
  compressor.end(base::make_error(base::ErrorKind::internal, "the disk is gone"));
  auto piece = compressor.take();
  while (piece && !piece->empty()) piece = compressor.take();
  ASSERT_FALSE(piece.ok());
  EXPECT_EQ(piece.error().message, "the disk is gone");
}

TEST(ParallelCompressor, EndsAGiverThatNobodyTakesFrom) {
  ParallelCompressor compressor(BlockCodec::zlib, 1);
  std::thread giver([&] {
    while (compressor.put(std::string(1000, 'x'))) continue;
  });
  (void)compressor.take();
  compressor.give_up();
  giver.join();
}

TEST(Gunzip, ByZlibReadsWhatIsaLDoes) {
  const auto content = text_of_size(3'000'000);
  const auto packed = compress(gzip_codecs().front(), content).value();
  const std::string padded = packed + packed + std::string(700, '\0');
  EXPECT_EQ(drain(gunzip_by_zlib(from_text(padded))).value(), content + content);
  EXPECT_EQ(drain(gunzip_by_zlib(from_text(""))).ok(), drain(gunzip(from_text(""))).ok());
  for (const auto cut : {std::size_t{5}, packed.size() / 2, packed.size() - 3}) {
    EXPECT_FALSE(drain(gunzip_by_zlib(from_text(packed.substr(0, cut)))).ok()) << cut;
    EXPECT_FALSE(drain(gunzip(from_text(packed.substr(0, cut)))).ok()) << cut;
  }
  auto damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  EXPECT_FALSE(drain(gunzip_by_zlib(from_text(damaged))).ok());
  EXPECT_FALSE(drain(gunzip_by_zlib(from_text(packed + "tail"))).ok());
}

}  // namespace
}  // namespace ecr
