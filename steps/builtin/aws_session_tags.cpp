#include "steps/builtin/aws_session_tags.h"

#include <algorithm>
#include <cctype>

namespace steps::builtin {
namespace {

constexpr std::size_t kMostOfATag = 256;

struct TagSource {
  const char* key;
  const char* variable;
};

constexpr TagSource kKept[] = {
    {"Repository", "GITHUB_REPOSITORY"}, {"Workflow", "GITHUB_WORKFLOW"}, {"Action", "GITHUB_ACTION"},
    {"Actor", "GITHUB_ACTOR"},           {"Commit", "GITHUB_SHA"},        {"Branch", "GITHUB_REF"}};
constexpr TagSource kLesser[] = {{"EventName", "GITHUB_EVENT_NAME"},
                                 {"BaseRef", "GITHUB_BASE_REF"},
                                 {"HeadRef", "GITHUB_HEAD_REF"},
                                 {"RunId", "GITHUB_RUN_ID"},
                                 {"Job", "GITHUB_JOB"},
                                 {"TriggeringActor", "GITHUB_TRIGGERING_ACTOR"}};

/// What STS takes in a tag's value; other characters become '_'.
std::string tag_value(std::string_view text) {
  std::string value;
  for (const char c : text) value += is_tag_character(c) ? c : '_';
  if (value.size() <= kMostOfATag) return value;
  std::size_t end = kMostOfATag;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // not within a character
  return value.substr(0, end);
}

}  // namespace

bool is_tag_character(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view(" _.:/=+-@").find(c) != std::string_view::npos;
}

bool is_own_tag(std::string_view key) {
  const auto has = [key](const TagSource& source) { return key == source.key; };
  return key == "GitHub" || std::any_of(std::begin(kKept), std::end(kKept), has) ||
         std::any_of(std::begin(kLesser), std::end(kLesser), has);
}

aws::SessionTags session_tags(const ActionCall& call, const CredentialsInputs& inputs) {
  aws::SessionTags session;
  session.external_id = inputs.external_id;
  if (inputs.skip_session_tags) return session;
  session.tags = {{"GitHub", "Actions"}};
  const auto add = [&](const TagSource& source) {
    if (auto value = tag_value(call.variable(source.variable)); !value.empty())
      session.tags.emplace_back(source.key, std::move(value));
  };
  std::for_each(std::begin(kKept), std::end(kKept), add);
  std::for_each(std::begin(kLesser), std::end(kLesser), add);
  session.tags.insert(session.tags.end(), inputs.custom_tags.begin(), inputs.custom_tags.end());
  for (const auto& key : inputs.transitive_tag_keys) {
    if (std::any_of(session.tags.begin(), session.tags.end(),
                    [&key](const auto& tag) { return tag.first == key; }))
      session.transitive_keys.push_back(key);
  }
  return session;
}

void drop_lesser_tags(aws::SessionTags& session) {
  const auto is_lesser = [](std::string_view key) {
    return std::any_of(std::begin(kLesser), std::end(kLesser),
                       [key](const TagSource& source) { return key == source.key; });
  };
  std::erase_if(session.tags, [&](const auto& tag) { return is_lesser(tag.first); });
  std::erase_if(session.transitive_keys, is_lesser);
}

}  // namespace steps::builtin
