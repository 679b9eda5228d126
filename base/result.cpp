#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace base {

Error Error::while_doing(std::string what) && {
  trace.push_back("while " + std::move(what));
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string text;
  if (location && location->file.empty() && location->line > 0) {
    text += "line " + std::to_string(location->line);
    if (location->column > 0) text += ", column " + std::to_string(location->column);
    text += ": ";
  } else if (location) {
    text += location->file;
    if (location->line > 0) text += ":" + std::to_string(location->line);
    if (location->line > 0 && location->column > 0) text += ":" + std::to_string(location->column);
    text += ": ";
  }
  text += message;
  for (const auto& line : trace) text += "\n  " + line;
  return text;
}

Error make_error(ErrorKind kind, std::string message) {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

Error invalid_input(std::string message) {
  return make_error(ErrorKind::invalid_input, std::move(message));
}

Error system_error(std::string_view what, int error_number) {
  ErrorKind kind = ErrorKind::internal;
  if (error_number == ENOENT || error_number == ENOTDIR) kind = ErrorKind::not_found;
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) kind = ErrorKind::denied;
  if (error_number == EAGAIN || error_number == ECONNREFUSED || error_number == ETIMEDOUT)
    kind = ErrorKind::unavailable;
  return make_error(kind, std::string(what) + ": " + std::strerror(error_number));
}

}  // namespace base
