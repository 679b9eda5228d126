#include "steps/secret_scanner.h"

#include <hs.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace steps {
namespace {

// Enough to tell secrets from other text. More would take the library much longer to prepare for.
constexpr std::size_t kEnough = 8;

// Called by the library for each end of a match.
int keep_place([[maybe_unused]] unsigned id, [[maybe_unused]] unsigned long long from, unsigned long long end,
               [[maybe_unused]] unsigned flags, void* places) {
  auto& kept = *static_cast<std::vector<std::size_t>*>(places);
  const auto place = static_cast<std::size_t>(end) - 1;
  if (kept.empty() || kept.back() != place) kept.push_back(place);
  return 0;
}

// Without those that begin with another one, as many encodings do: where they are, that is found.
std::vector<std::string_view> to_look_for(std::span<const std::string> values) {
  std::vector<std::string_view> sorted;
  for (const auto& value : values) {
    if (value.find('\n') == std::string::npos) sorted.emplace_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string_view> chosen;
  for (const auto value : sorted) {
    if (chosen.empty() || !value.starts_with(chosen.back())) chosen.push_back(value);
  }
  return chosen;
}

}  // namespace

std::shared_ptr<const SecretScanner> SecretScanner::compile(std::span<const std::string> values) {
  const auto wanted = to_look_for(values);
  if (auto sieve = SecretSieve::make(wanted)) {
    std::shared_ptr<SecretScanner> scanner(new SecretScanner);
    scanner->sieve_ = std::move(sieve);
    scanner->value_count_ = values.size();
    return scanner;
  }
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const auto value : wanted) {
    // Secrets begin and end alike: with a scheme, a prefix of their maker, a host. Their middle is their own.
    const std::size_t length = std::min(value.size(), kEnough);
    texts.push_back(value.data() + (value.size() - length) / 2);
    lengths.push_back(length);
  }
  if (texts.empty()) return nullptr;
  const std::vector<unsigned> flags(texts.size(), 0);
  const std::vector<unsigned> ids(texts.size(), 0);
  std::shared_ptr<SecretScanner> scanner(new SecretScanner);
  hs_compile_error_t* error = nullptr;
  const auto compiled = hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(),
                                             static_cast<unsigned>(texts.size()), HS_MODE_BLOCK, nullptr,
                                             &scanner->database_, &error);
  if (error != nullptr) hs_free_compile_error(error);
  if (compiled != HS_SUCCESS) return nullptr;
  scanner->value_count_ = values.size();
  return scanner;
}

SecretScanner::~SecretScanner() {
  for (auto* scratch : idle_) hs_free_scratch(scratch);
  hs_free_database(database_);
}

hs_scratch* SecretScanner::take_scratch() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto* scratch = idle_.back();
      idle_.pop_back();
      return scratch;
    }
  }
  hs_scratch_t* made = nullptr;
  return hs_alloc_scratch(database_, &made) == HS_SUCCESS ? made : nullptr;
}

std::optional<std::vector<std::size_t>> SecretScanner::places(std::string_view text) const {
  if (sieve_) return sieve_->places(text);
  if (text.size() > std::numeric_limits<unsigned>::max()) return std::nullopt;
  auto* scratch = take_scratch();
  if (scratch == nullptr) return std::nullopt;
  std::vector<std::size_t> found;
  const auto scanned =
      hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch, keep_place, &found);
  const std::lock_guard lock(mutex_);
  idle_.push_back(scratch);
  if (scanned != HS_SUCCESS) return std::nullopt;
  return found;
}

}  // namespace steps
