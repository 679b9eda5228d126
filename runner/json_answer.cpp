#include "runner/json_answer.h"

#include "base/json.h"

namespace runner {

base::ServerResponse json_answer(int status, const base::Json& body) {
  base::ServerResponse response;
  response.status = status;
  response.headers.emplace("Content-Type", "application/json");
  response.body = base::to_text(body);
  return response;
}

}  // namespace runner
