#include "ecs/query_answer.h"

#include "base/strings.h"

namespace ecs {

std::vector<base::Json> entries_of(const base::Json& answer, std::string_view key) {
  const base::Json& list = base::json_member(answer, key);
  if (list.is_array()) return {list.begin(), list.end()};
  return list.is_object() ? std::vector<base::Json>{list} : std::vector<base::Json>{};
}

int whole(const base::Json& object, std::string_view key, int fallback) {
  return static_cast<int>(base::parse_integer(base::json_string(object, key)).value_or(fallback));
}

}  // namespace ecs
