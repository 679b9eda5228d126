#pragma once
// Reading settings from a YAML file of ours: each problem names file, line and column. Not for workflows,
// which have a schema.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/node.h"

namespace workflow {

class YamlFields {
 public:
  explicit YamlFields(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] base::Error wrong(const Node& node, std::string_view expected) const;
  /// A mapping with no other keys than these.
  [[nodiscard]] base::Result<void> check_keys(const Node& node, const std::vector<std::string>& known) const;
  [[nodiscard]] base::Result<std::string> text_at(const Node& node, std::string_view key,
                                                  std::string fallback = "") const;
  [[nodiscard]] base::Result<int> whole_at(const Node& node, std::string_view key, int fallback,
                                           int most) const;
  [[nodiscard]] base::Result<double> number_at(const Node& node, std::string_view key, double fallback) const;
  [[nodiscard]] base::Result<bool> flag_at(const Node& node, std::string_view key) const;
  /// A list of texts, or one text; empty when it is absent.
  [[nodiscard]] base::Result<std::vector<std::string>> list_at(const Node& node, std::string_view key) const;
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string file_;
};

}  // namespace workflow
