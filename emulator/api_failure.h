#pragma once
// Short ways of saying what AWS answers when something is not there or not right.

#include <string>

#include "emulator/service.h"

namespace emulator {

inline ApiFailure failure(std::string code, std::string message, int status = 400) {
  return {std::move(code), std::move(message), status};
}
inline ApiFailure invalid_parameter(std::string message) {
  return {"InvalidParameterException", std::move(message), 400};
}

}  // namespace emulator
