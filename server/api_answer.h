#pragma once
// How the parts of the API read what they are asked and answer. Not for what they answer.

#include <functional>
#include <string>

#include "base/json.h"
#include "server/routes.h"

namespace server {

using ApiAnswer = std::function<base::Result<base::Json>(const Call& call)>;

/// GET needs the scope read and answers 200; POST needs run, takes JSON alone and answers 202.
void add_answer(Routes& routes, std::string_view method, std::string_view path, ApiAnswer answer);

std::int64_t number_in(const Call& call, std::string_view name, std::int64_t fallback);
/// `limit`, which is 50 when it is absent.
int page_limit(const Call& call, int most);
/// The token's name, for what is written down about who did it.
std::string who_asks(const Call& call);
/// An object; an empty body is an empty one.
base::Result<base::Json> json_body(const Call& call);
/// … with `approve`.
base::Result<base::Json> decision_body(const Call& call);
/// What is asked does not fit to how things are: 409.
base::Error conflict(std::string message);

}  // namespace server
