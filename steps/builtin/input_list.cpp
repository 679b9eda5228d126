#include "steps/builtin/input_list.h"

#include "base/strings.h"

namespace steps::builtin {
namespace {

/// Reads records one field at a time.
class CsvReader {
 public:
  CsvReader(std::string_view text, const ListOptions& options) : rest_(text), options_(options) {}

  std::vector<std::vector<std::string>> read() {
    std::vector<std::vector<std::string>> records;
    while (!rest_.empty()) {
      if (options_.comments && rest_.front() == '#') {
        skip_line();
        continue;
      }
      std::vector<std::string> record = next_record();
      if (record.size() > 1 || !record[0].empty()) records.push_back(std::move(record));
    }
    return records;
  }

 private:
  void skip_line() {
    const std::size_t end = rest_.find('\n');
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  }

  std::vector<std::string> next_record() {
    std::vector<std::string> record;
    for (;;) {
      record.push_back(next_field());
      if (rest_.empty()) return record;
      const char separator = rest_.front();
      rest_.remove_prefix(1);
      if (separator == '\n') return record;
    }
  }

  std::string next_field() {
    if (options_.quotes && rest_.starts_with('"')) {
      const std::string_view before = rest_;
      if (auto quoted = quoted_field(); rest_.empty() || rest_.front() == ',' || rest_.front() == '\n')
        return quoted;
      rest_ = before;  // a quote within the field is a character like others
    }
    const std::size_t end = rest_.find_first_of(",\n");
    std::string_view field = rest_.substr(0, end);
    rest_.remove_prefix(field.size());
    const bool ends_line = rest_.empty() || rest_.front() == '\n';
    if (ends_line && field.ends_with('\r')) field.remove_suffix(1);
    return std::string(field);
  }

  std::string quoted_field() {
    std::string field;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c != '"') {
        field += c;
      } else if (rest_.starts_with('"')) {
        field += '"';
        rest_.remove_prefix(1);
      } else {
        if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
        break;
      }
    }
    return field;
  }

  std::string_view rest_;
  ListOptions options_;
};

}  // namespace

std::vector<std::vector<std::string>> read_csv(std::string_view text, const ListOptions& options) {
  return CsvReader(text, options).read();
}

std::vector<std::string> read_input_list(std::string_view text, const ListOptions& options) {
  std::vector<std::string> entries;
  const auto add = [&](std::string_view entry) {
    if (entry.empty()) return;
    entries.emplace_back(options.trim ? base::trim(entry) : entry);
  };
  for (const auto& record : read_csv(base::trim(text), options)) {
    if (options.commas == ListCommas::belong_to_the_entry) {
      add(base::join(record, ","));
    } else if (record.size() == 1) {
      for (const std::string& part : base::split(record[0], ',')) add(part);
    } else {
      for (const std::string& field : record) add(field);
    }
  }
  return entries;
}

std::vector<std::string> fields_of(std::string_view entry) {
  auto records = read_csv(entry);
  return records.empty() ? std::vector<std::string>() : std::move(records.front());
}

}  // namespace steps::builtin
