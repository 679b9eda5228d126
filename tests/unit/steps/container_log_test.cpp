#include "steps/container_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace steps {
namespace {

using Stream = ContainerLog::Stream;

std::string text_from(ContainerLog& log, std::uint64_t position) {
  std::string text;
  for (const auto& piece : log.read(position, {})) text += piece.bytes;
  return text;
}

TEST(ContainerLog, IsReadFromAnyPlace) {
  ContainerLog log;
  log.add(Stream::output, "one\ntwo\n");
  log.add(Stream::error, "three\n");
  EXPECT_EQ(text_from(log, 0), "one\ntwo\nthree\n");
  EXPECT_EQ(text_from(log, 4), "two\nthree\n");
  EXPECT_EQ(text_from(log, log.position_of_last(1)), "three\n");
  EXPECT_EQ(text_from(log, log.position_of_last(2)), "two\nthree\n");
  EXPECT_EQ(text_from(log, log.position_of_last(9)), "one\ntwo\nthree\n");
  EXPECT_EQ(log.position_of_last(0), log.size());
}

TEST(ContainerLog, IsPassedOnUntilNobodyListens) {
  ContainerLog log;
  std::string heard;
  log.set_reader([&](Stream stream, std::string_view bytes) {
    heard += stream == Stream::output ? "o:" : "e:";
    heard += bytes;
  });
  log.add(Stream::output, "a");
  log.add(Stream::error, "b");
  log.set_reader(nullptr);
  log.add(Stream::output, "c");
  EXPECT_EQ(heard, "o:ae:b");
}

TEST(ContainerLog, KeepsTheLastOfMuch) {
  ContainerLog log;
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 16; ++i) log.add(Stream::output, piece);
  EXPECT_EQ(log.size(), 16U << 20);
  EXPECT_EQ(text_from(log, 0).size(), 4U << 20);
}

TEST(ContainerLog, SaysWhenNothingMoreComes) {
  ContainerLog log;
  log.end();
  EXPECT_EQ(text_from(log, 0), "");
}

}  // namespace
}  // namespace steps
