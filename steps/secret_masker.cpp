#include "steps/secret_masker.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <queue>
#include <span>
#include <utility>

#include "base/strings.h"
#include "steps/secret_encodings.h"
#include "steps/secret_scanner.h"

namespace steps {
namespace {

using Range = std::pair<std::size_t, std::size_t>;  // from, to

/// Takes ranges in the order of their ends; those that overlap or touch become one.
void merge_into(std::vector<Range>& ranges, Range next) {
  while (!ranges.empty() && ranges.back().second >= next.first) {
    next.first = std::min(next.first, ranges.back().first);
    next.second = std::max(next.second, ranges.back().second);
    ranges.pop_back();
  }
  ranges.push_back(next);
}

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

}  // namespace

/// Finds all values in one pass (Aho-Corasick). Children are lists, since a dense table of a few hundred
/// forms would be tens of megabytes; only the root, where most of the time is spent, has tables.
class SecretMasker::Matcher {
 public:
  explicit Matcher(std::span<const std::string> values) {
    std::size_t most = 1;
    for (const std::string& value : values) most += value.size();
    nodes_.reserve(most);
    nodes_.emplace_back();
    for (const std::string& value : values) insert(value);
    link();
  }

  /// Appends the longest match that ends at each place; returns how much of the end may begin a longer one.
  std::size_t find(std::string_view text, std::vector<Range>& ranges) const {
    std::int32_t state = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (state == 0 && i + 1 < text.size() && !may_start(byte_at(text, i), byte_at(text, i + 1))) continue;
      state = next(state, byte_at(text, i));
      const std::uint32_t length = nodes_[state].match;
      if (length > 0) merge_into(ranges, {i + 1 - length, i + 1});
    }
    return nodes_[state].depth;
  }

 private:
  struct Node {
    std::int32_t first_child = -1;
    std::int32_t sibling = -1;
    std::int32_t fallback = 0;
    std::uint32_t depth = 0;
    std::uint32_t match = 0;  ///< length of the longest value that ends here
    std::uint8_t byte = 0;
  };

  std::int32_t child(std::int32_t node, std::uint8_t byte) const {
    if (node == 0) return root_[byte];
    std::int32_t found = nodes_[node].first_child;
    while (found >= 0 && nodes_[found].byte != byte) found = nodes_[found].sibling;
    return found;
  }

  std::int32_t next(std::int32_t state, std::uint8_t byte) const {
    for (;;) {
      const std::int32_t found = child(state, byte);
      if (found >= 0) return found;
      if (state == 0) return 0;
      state = nodes_[state].fallback;
    }
  }

  bool may_start(std::uint8_t first, std::uint8_t second) const { return starts_[first * 256U + second]; }

  void insert(std::string_view value) {
    if (value.size() == 1) {
      for (unsigned second = 0; second < 256; ++second) starts_.set(byte_at(value, 0) * 256U + second);
    } else {
      starts_.set(byte_at(value, 0) * 256U + byte_at(value, 1));
    }
    std::int32_t node = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::int32_t below = child(node, byte_at(value, i));
      if (below < 0) {
        below = static_cast<std::int32_t>(nodes_.size());
        Node made;
        made.byte = byte_at(value, i);
        made.depth = nodes_[node].depth + 1;
        made.sibling = nodes_[node].first_child;
        nodes_.push_back(made);
        nodes_[node].first_child = below;
        if (node == 0) root_[made.byte] = below;
      }
      node = below;
    }
    nodes_[node].match = nodes_[node].depth;
  }

  void link() {
    std::queue<std::int32_t> waiting;
    for (std::int32_t node = nodes_[0].first_child; node >= 0; node = nodes_[node].sibling)
      waiting.push(node);
    while (!waiting.empty()) {
      const std::int32_t node = waiting.front();
      waiting.pop();
      for (std::int32_t below = nodes_[node].first_child; below >= 0; below = nodes_[below].sibling) {
        nodes_[below].fallback = next(nodes_[node].fallback, nodes_[below].byte);
        if (nodes_[below].match == 0) nodes_[below].match = nodes_[nodes_[below].fallback].match;
        waiting.push(below);
      }
    }
  }

  std::vector<Node> nodes_;
  std::array<std::int32_t, 256> root_ = [] {
    std::array<std::int32_t, 256> none{};
    none.fill(-1);
    return none;
  }();
  std::bitset<65536> starts_;
};

SecretMasker::SecretMasker() = default;
SecretMasker::~SecretMasker() = default;

void SecretMasker::add(std::string_view secret) {
  if (secret.empty()) return;
  std::vector<std::string> values{std::string(secret)};
  if (secret.find_first_of("\r\n") != std::string_view::npos) {
    for (const std::string& part : base::split(base::replace_all(secret, "\r", "\n"), '\n')) {
      std::string_view line = base::trim(part);
      if (!line.empty()) values.emplace_back(line);
    }
  }
  std::unique_lock lock(mutex_);
  for (std::string& value : values) {
    for (std::string& form : secret_encodings(value)) add_value(std::move(form));
    add_value(std::move(value));
  }
  // Building anew for each value would be quadratic: the newest few are searched one by one.
  if (values_.size() - matched_ > 16 + matched_ / 8) {
    matcher_.reset();
    matcher_ = std::make_unique<Matcher>(values_);
    matched_ = values_.size();
  }
}

void SecretMasker::add_value(std::string value) {
  if (known_.insert(value).second) values_.push_back(std::move(value));
}

namespace {

std::vector<Range> search_one_by_one(std::span<const std::string> values, std::string_view text,
                                     std::vector<Range> ranges) {
  const std::size_t before = ranges.size();
  for (const std::string& value : values) {
    for (std::size_t at = text.find(value); at != std::string_view::npos; at = text.find(value, at + 1)) {
      ranges.emplace_back(at, at + value.size());
    }
  }
  if (ranges.size() == before) return ranges;
  std::sort(ranges.begin(), ranges.end(), [](Range a, Range b) { return a.second < b.second; });
  std::vector<Range> merged;
  for (Range range : ranges) merge_into(merged, range);
  return merged;
}

/// The longest end of the text that is the start of the value but not all of it.
std::size_t unfinished_length(std::string_view text, std::string_view value) {
  for (std::size_t length = std::min(text.size(), value.size() - 1); length > 0; --length) {
    if (text.ends_with(value.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

// The caller holds the lock.
std::vector<Range> SecretMasker::ranges_in(std::string_view text) const {
  std::vector<Range> ranges;
  if (matcher_) matcher_->find(text, ranges);
  return search_one_by_one(std::span(values_).subspan(matched_), text, std::move(ranges));
}

std::string SecretMasker::mask_held(std::string_view text) const {
  std::string masked;
  masked.reserve(text.size());
  std::size_t from = 0;
  for (const auto& [begin, end] : ranges_in(text)) {
    masked += text.substr(from, begin - from);
    masked += "***";
    from = end;
  }
  masked += text.substr(from);
  return masked;
}

std::string SecretMasker::mask(std::string_view text) const {
  const std::shared_lock lock(mutex_);
  return mask_held(text);
}

std::shared_ptr<const SecretScanner> SecretMasker::scanner_for(std::size_t bytes) const {
  constexpr std::size_t kWorthCompiling = 1U << 20;
  const std::lock_guard lock(scanner_mutex_);
  bytes_since_scanner_ += bytes;
  const bool is_old = !scanner_ || scanner_->value_count() < values_.size();
  if (is_old && bytes_since_scanner_ > kWorthCompiling) {
    scanner_ = SecretScanner::compile(values_);
    bytes_since_scanner_ = 0;
  }
  return scanner_;
}

/// A place in each line that may hold a secret; also in others.
std::vector<std::size_t> SecretMasker::suspicious_places(std::string_view lines) const {
  std::vector<std::size_t> places;
  std::size_t scanned = 0;
  if (const auto scanner = scanner_for(lines.size())) {
    if (auto found = scanner->places(lines)) {
      places = std::move(*found);
      scanned = scanner->value_count();
    }
  }
  if (scanned == 0) {
    for (const auto& [begin, end] : ranges_in(lines)) {
      // Secrets that touch are one range, which may go over several lines.
      for (std::size_t at = begin; at < end; at = std::min(lines.find('\n', at), end - 1) + 1)
        places.push_back(at);
    }
    return places;
  }
  for (const std::string& value : std::span(values_).subspan(scanned)) {
    for (std::size_t at = lines.find(value); at != std::string_view::npos; at = lines.find(value, at + 1))
      places.push_back(at);
  }
  std::sort(places.begin(), places.end());
  return places;
}

std::string SecretMasker::mask_lines(std::string_view lines) const {
  const std::shared_lock lock(mutex_);
  std::string masked;
  masked.reserve(lines.size());
  std::size_t done = 0;
  for (const std::size_t place : suspicious_places(lines)) {
    if (place < done) continue;
    const std::size_t before = base::find_last(lines.substr(0, place + 1), '\n');
    const std::size_t begin = std::max(before == std::string_view::npos ? 0 : before + 1, done);
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    masked += lines.substr(done, begin - done);
    masked += mask_held(lines.substr(begin, end - begin));
    done = end;
  }
  masked += lines.substr(done);
  return masked;
}

bool SecretMasker::holds_secret(std::string_view text) const {
  const std::shared_lock lock(mutex_);
  return !ranges_in(text).empty();
}

std::size_t SecretMasker::safe_cut(std::string_view text) const {
  std::shared_lock lock(mutex_);
  std::vector<Range> ranges;
  std::size_t unfinished = matcher_ ? matcher_->find(text, ranges) : 0;
  std::span<const std::string> newest = std::span(values_).subspan(matched_);
  for (const std::string& value : newest) unfinished = std::max(unfinished, unfinished_length(text, value));
  ranges = search_one_by_one(newest, text, std::move(ranges));
  std::size_t cut = text.size() - unfinished;
  // A match that touches what may still become one belongs to it: both must be masked as one.
  for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
    if (range->second >= cut && range->first < cut) cut = range->first;
  }
  return cut;
}

}  // namespace steps
