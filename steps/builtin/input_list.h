#pragma once
// Inputs of the docker actions that hold lists: lines of comma-separated values with CSV's quotes
// (docker/actions-toolkit util.ts getInputList). Pure.

#include <string>
#include <string_view>
#include <vector>

namespace steps::builtin {

/// What separates the entries of a list.
enum class ListCommas { separate, belong_to_the_entry };

struct ListOptions {
  ListCommas commas = ListCommas::separate;
  bool comments = false;  ///< a line that begins with # is none
  bool quotes = true;     ///< `"…"` around a field, which may then hold commas and newlines
  bool trim = true;
};

/// The fields of each line that is not empty; a quoted field may span lines.
std::vector<std::vector<std::string>> read_csv(std::string_view text, const ListOptions& options = {});
/// The entries, without empty ones.
std::vector<std::string> read_input_list(std::string_view text, const ListOptions& options = {});
/// The fields of one entry: `type=raw,value=a`.
std::vector<std::string> fields_of(std::string_view entry);

}  // namespace steps::builtin
