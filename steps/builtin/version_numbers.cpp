#include "steps/builtin/version_numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/strings.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kLongestVersion = 256;
constexpr std::int64_t kGreatestNumber = 9'007'199'254'740'991;  // JavaScript's

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// A number without leading zeros, taken off the front.
std::optional<std::int64_t> take_semantic_number(std::string_view& rest) {
  const std::string_view digits = rest.substr(0, rest.find_first_not_of("0123456789"));
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  const auto number = base::parse_integer(digits);
  if (!number || *number > kGreatestNumber) return std::nullopt;
  rest.remove_prefix(digits.size());
  return number;
}

enum class Zeros { allowed, refused };

/// `rc.1`: parts of letters, digits and dashes.
bool split_identifiers(std::string_view text, Zeros leading, std::vector<std::string>& parts) {
  for (std::string& part : base::split(text, '.')) {
    const bool legal = !part.empty() && std::all_of(part.begin(), part.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-';
    });
    if (!legal) return false;
    if (leading == Zeros::refused && part.size() > 1 && part.front() == '0' && only_digits(part))
      return false;
    parts.push_back(std::move(part));
  }
  return true;
}

}  // namespace

std::string SemanticVersion::version() const {
  return fmt::format("{}.{}.{}{}{}", major, minor, patch, prerelease.empty() ? "" : "-",
                     base::join(prerelease, "."));
}

std::optional<SemanticVersion> parse_semantic_version(std::string_view text) {
  if (text.size() > kLongestVersion) return std::nullopt;
  std::string_view rest = base::trim(text);
  if (rest.starts_with('v')) rest.remove_prefix(1);
  SemanticVersion version;
  for (std::int64_t* part : {&version.major, &version.minor, &version.patch}) {
    if (part != &version.major) {
      if (!rest.starts_with('.')) return std::nullopt;
      rest.remove_prefix(1);
    }
    const auto number = take_semantic_number(rest);
    if (!number) return std::nullopt;
    *part = *number;
  }
  if (const std::size_t plus = rest.find('+'); plus != std::string_view::npos) {
    if (!split_identifiers(rest.substr(plus + 1), Zeros::allowed, version.build)) return std::nullopt;
    rest = rest.substr(0, plus);
  }
  if (rest.empty()) return version;
  if (!rest.starts_with('-')) return std::nullopt;
  if (!split_identifiers(rest.substr(1), Zeros::refused, version.prerelease)) return std::nullopt;
  return version;
}

namespace {

/// Takes parts of a lower-case PEP 440 version off its front.
class PythonVersionReader {
 public:
  explicit PythonVersionReader(std::string_view text) : rest_(text) {}

  std::optional<PythonVersion> read() {
    PythonVersion version;
    if (rest_.starts_with('v')) rest_.remove_prefix(1);
    auto number = take_number();
    if (!number) return std::nullopt;
    if (rest_.starts_with('!')) {
      rest_.remove_prefix(1);
      version.epoch = *number;
      number = take_number();
      if (!number) return std::nullopt;
    }
    version.release.push_back(*number);
    while (rest_.size() > 1 && rest_[0] == '.' && std::isdigit(static_cast<unsigned char>(rest_[1])) != 0) {
      rest_.remove_prefix(1);
      const auto part = take_number();
      if (!part) return std::nullopt;
      version.release.push_back(*part);
    }
    take_pre(version);
    take_post(version);
    if (take_word({"dev"})) version.dev = number_after_word();
    if (rest_.starts_with('+') && !take_local(version)) return std::nullopt;
    if (!rest_.empty()) return std::nullopt;
    return version;
  }

 private:
  std::optional<std::int64_t> take_number() {
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("0123456789"));
    const auto number = base::parse_integer(digits);
    if (number) rest_.remove_prefix(digits.size());
    return number;
  }

  /// `-post`, `.rc`, `alpha`: the word that was there, with a separator before it or none.
  std::optional<std::string> take_word(const std::vector<std::string_view>& words) {
    std::string_view after = rest_;
    if (!after.empty() && std::string_view("-_.").find(after.front()) != std::string_view::npos)
      after.remove_prefix(1);
    for (const std::string_view word : words) {
      if (!after.starts_with(word)) continue;
      rest_ = after.substr(word.size());
      return std::string(word);
    }
    return std::nullopt;
  }

  std::int64_t number_after_word() {
    std::string_view before = rest_;
    if (!rest_.empty() && std::string_view("-_.").find(rest_.front()) != std::string_view::npos)
      rest_.remove_prefix(1);
    if (const auto number = take_number()) return *number;
    rest_ = before;
    return 0;
  }

  void take_pre(PythonVersion& version) {
    // The longer word first: `a` begins `alpha`, `pre` begins `preview`.
    const auto word = take_word({"alpha", "beta", "preview", "pre", "rc", "a", "b", "c"});
    if (!word) return;
    const std::string_view name = *word == "alpha" || *word == "a"  ? "a"
                                  : *word == "beta" || *word == "b" ? "b"
                                                                    : "rc";
    version.pre = fmt::format("{}{}", name, number_after_word());
  }

  void take_post(PythonVersion& version) {
    if (rest_.size() > 1 && rest_[0] == '-' && std::isdigit(static_cast<unsigned char>(rest_[1])) != 0) {
      rest_.remove_prefix(1);
      version.post = take_number();
    } else if (take_word({"post", "rev", "r"})) {
      version.post = number_after_word();
    }
  }

  bool take_local(PythonVersion& version) {
    std::string local(rest_.substr(1));
    std::replace_if(
        local.begin(), local.end(), [](char c) { return c == '-' || c == '_'; }, '.');
    for (const std::string& part : base::split(local, '.')) {
      const bool legal = !part.empty() && std::all_of(part.begin(), part.end(),
                                                      [](unsigned char c) { return std::isalnum(c) != 0; });
      if (!legal) return false;
    }
    version.local = std::move(local);
    rest_ = {};
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::string PythonVersion::normalized() const {
  std::string text = epoch == 0 ? "" : fmt::format("{}!", epoch);
  for (std::size_t i = 0; i < release.size(); ++i) text += fmt::format("{}{}", i == 0 ? "" : ".", release[i]);
  text += pre;
  if (post) text += fmt::format(".post{}", *post);
  if (dev) text += fmt::format(".dev{}", *dev);
  if (!local.empty()) text += "+" + local;
  return text;
}

std::int64_t PythonVersion::part(std::size_t index) const {
  return index < release.size() ? release[index] : 0;
}

std::optional<PythonVersion> parse_python_version(std::string_view text) {
  if (text.size() > kLongestVersion) return std::nullopt;
  const std::string lower = base::to_lower(base::trim(text));
  return PythonVersionReader(lower).read();
}

}  // namespace steps::builtin
