#include "steps/secret_encodings.h"

#include <utility>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr std::size_t kMinimumPart = 6;
constexpr std::size_t kMinimumQuoted = 9;
constexpr std::size_t kMinimumBase64Part = 8;

/// Base64 of the value from `shift` on. What follows a secret in a longer text changes the characters of its
/// last, incomplete group: so the part before them is a form of its own.
void add_base64(std::string_view secret, std::size_t shift, std::vector<std::string>& forms) {
  if (secret.size() <= shift) return;
  std::string_view bytes = secret.substr(shift);
  std::string encoded = base::base64_encode(bytes);
  const std::size_t rest = bytes.size() % 3;
  const std::size_t stable = bytes.size() / 3 * 4 + (rest == 0 ? 0 : rest == 1 ? 1 : 2);
  if (stable >= kMinimumBase64Part && stable < encoded.size()) forms.push_back(encoded.substr(0, stable));
  forms.push_back(std::move(encoded));
}

constexpr std::pair<char, std::string_view> kXmlEntities[] = {
    {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&apos;"}};

std::string json_escaped(std::string_view secret) {
  std::string quoted = base::to_text(base::Json(std::string(secret)));
  return quoted.size() >= 2 ? quoted.substr(1, quoted.size() - 2) : quoted;
}

/// PowerShell may print the two sides of an ampersand apart, coloured on their own.
void add_ampersand_parts(std::string_view secret, std::vector<std::string>& forms) {
  const std::size_t plus = secret.find("&+");
  const std::size_t last = secret.rfind('&');
  if (last == std::string_view::npos) return;
  std::string_view before =
      plus != std::string_view::npos ? secret.substr(0, plus + 2) : secret.substr(0, last + 1);
  std::string_view after = secret.substr(last + 1);
  if (plus != std::string_view::npos) after = secret.size() > plus + 3 ? secret.substr(plus + 3) : "";
  if (before.size() >= kMinimumPart) forms.emplace_back(before);
  if (after.size() >= kMinimumPart) forms.emplace_back(after);
}

}  // namespace

std::vector<std::string> secret_encodings(std::string_view secret) {
  std::vector<std::string> forms;
  for (std::size_t shift = 0; shift < 3; ++shift) add_base64(secret, shift, forms);
  forms.push_back(base::replace_all(secret, "\"", "\\\""));
  forms.push_back(base::replace_all(secret, "'", "''"));
  forms.push_back(json_escaped(secret));
  forms.push_back(base::percent_encode(secret));
  forms.push_back(base::replace_characters(secret, kXmlEntities));
  if (secret.size() >= kMinimumQuoted && secret.front() == '"' && secret.back() == '"') {
    forms.emplace_back(secret.substr(1, secret.size() - 2));
  }
  add_ampersand_parts(secret, forms);
  std::erase_if(forms, [&](const std::string& form) { return form.empty() || form == secret; });
  return forms;
}

}  // namespace steps
