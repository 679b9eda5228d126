#include "aws/xml_answer.h"

#include <pugixml.hpp>

#include "base/json.h"

namespace aws {

namespace {

constexpr int kDeepest = 50;

base::Json json_of(const pugi::xml_node& node, int depth) {
  base::Json object = base::Json::object();
  base::Json list = base::Json::array();
  for (const auto& child : node.children()) {
    if (child.type() != pugi::node_element || depth > kDeepest) continue;
    if (std::string_view(child.name()) == "member") {
      list.push_back(json_of(child, depth + 1));
    } else {
      object[child.name()] = json_of(child, depth + 1);
    }
  }
  if (!list.empty()) return list;
  if (!object.empty()) return object;
  return node.text().get();
}

}  // namespace

base::Result<base::Json> json_of_xml(std::string_view xml) {
  pugi::xml_document document;
  const auto parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) {
    return base::make_error(base::ErrorKind::remote,
                            std::string("the answer is no XML: ") + parsed.description());
  }
  return json_of(document.document_element(), 0);
}

}  // namespace aws
