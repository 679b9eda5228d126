#include "runner/job_log.h"

#include <utility>

#include "base/json.h"

namespace runner {

namespace {

base::Json masked(const base::Json& value, const steps::SecretMasker& masker) {
  if (value.is_string()) return masker.mask(value.get_ref<const std::string&>());
  if (value.is_object()) {
    base::Json result = base::Json::object();
    for (const auto& [key, member] : value.items()) result[masker.mask(key)] = masked(member, masker);
    return result;
  }
  if (value.is_array()) {
    base::Json result = base::Json::array();
    for (const auto& element : value) result.push_back(masked(element, masker));
    return result;
  }
  return value;
}

/// GitHub keeps so many characters of an annotation's message (actions/runner ExecutionContext.cs).
constexpr std::size_t kLongestAnnotation = 4096;

std::string shortened_message(std::string text) {
  if (text.size() <= kLongestAnnotation) return text;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80;
    if (begins && characters++ == kLongestAnnotation) {
      text.resize(i);
      break;
    }
  }
  return text;
}

}  // namespace

JobLog::JobLog(std::string job, EventStream& stream, const steps::SecretMasker& masker)
    : job_(std::move(job)), stream_(stream), masker_(masker) {}

void JobLog::line(steps::LineKind kind, std::string_view text) {
  stream_.publish({.type = "line", .job = job_, .step = step_, .kind = kind, .text = masker_.mask(text)});
}

void JobLog::output(std::string_view lines) {
  stream_.publish({.type = "line", .job = job_, .step = step_, .text = masker_.mask_lines(lines)});
}

void JobLog::annotation(const steps::Annotation& annotation) {
  base::Json details;
  if (!annotation.title.empty()) details["title"] = annotation.title;
  if (!annotation.file.empty()) details["file"] = annotation.file;
  if (annotation.line > 0) details["line"] = annotation.line;
  if (annotation.end_line > 0) details["end_line"] = annotation.end_line;
  if (annotation.column > 0) details["column"] = annotation.column;
  if (annotation.end_column > 0) details["end_column"] = annotation.end_column;
  if (!annotation.code.empty()) details["code"] = annotation.code;
  if (!annotation.log_line.empty()) details["log_line"] = annotation.log_line;
  stream_.publish({.type = "annotation",
                   .job = job_,
                   .step = step_,
                   .kind = annotation.level,
                   .text = shortened_message(masker_.mask(annotation.message)),
                   .details = std::make_shared<const base::Json>(masked(details, masker_))});
}

void JobLog::event(std::string_view type, const base::Json& details) {
  auto shown = masked(details, masker_);
  // What an event says to people is its text, wherever it comes from.
  auto text = base::json_string(shown, "text");
  if (running_ != nullptr && type == "step_started") running_->started(text);
  if (running_ != nullptr && type == "step_finished") running_->finished(text);
  if (shown.is_object()) shown.erase("text");
  stream_.publish({.type = std::string(type),
                   .job = job_,
                   .step = step_,
                   .text = std::move(text),
                   .details = std::make_shared<const base::Json>(std::move(shown))});
}

}  // namespace runner
