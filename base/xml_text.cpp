#include "base/xml_text.h"

#include <utility>

#include "base/strings.h"

namespace base {

namespace {

constexpr std::pair<char, std::string_view> kEntities[] = {
    {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string result = replace_characters(text, kEntities);
  std::erase_if(result,
                [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; });
  return result;
}

}  // namespace base
