#pragma once
// Flags of `pipeline secret` and `pipeline variable`, as plain data. Help texts are in secret_command_line.

#include <string>

namespace cli {

/// Whose secrets.
struct ScopeFlags {
  std::string organisation;
  std::string repository;  ///< owner/name; empty, without an organisation: of this folder
  std::string environment;
};

struct SecretVerbFlags {
  std::string verb;  ///< set, list, remove, rotate, audit
  std::string name;
  std::string file;  ///< empty: standard input, or asked for at a terminal
  std::string reference;
  std::string new_key_file;
  ScopeFlags scope;
  int limit = 100;
  bool json = false;
};

struct VariableFlags {
  std::string verb;  ///< set, list, remove
  std::string name;
  std::string file;
  ScopeFlags scope;
  bool json = false;
};

}  // namespace cli
