#pragma once
// A SQLite database as this room uses it: statements with parameters, rows read by a function, errors as
// values. Not for what is in it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/files.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace runner {

class Sqlite {
 public:
  using Parameter = std::variant<std::int64_t, double, std::string>;
  using Parameters = std::vector<Parameter>;

  /// One row of a result, while it is read.
  class Row {
   public:
    explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double number(int column) const;
    [[nodiscard]] std::string text(int column) const;

   private:
    sqlite3_stmt* statement_;
  };

  /// The file is made when missing; `schema` is carried out each time, perhaps in part more than once. May be
  /// open in several processes at once. `name` says in errors what it is.
  static base::Result<Sqlite> open(const base::Path& file, const char* schema, std::string name);

  /// Carries out one statement, `doing` says in errors what for; returns how many rows it changed.
  base::Result<int> run(const char* doing, const char* sql, const Parameters& parameters = {});
  base::Result<void> each(const char* doing, const char* sql, const Parameters& parameters,
                          const std::function<void(const Row&)>& on_row);
  /// All of `body` or nothing, and nobody else writes meanwhile.
  base::Result<void> together(const char* doing, const std::function<base::Result<void>()>& body);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  Sqlite(std::unique_ptr<sqlite3, Close> database, std::string name)
      : database_(std::move(database)), name_(std::move(name)) {}
  [[nodiscard]] base::Error error(const char* doing) const;

  std::unique_ptr<sqlite3, Close> database_;
  std::string name_;
};

}  // namespace runner
