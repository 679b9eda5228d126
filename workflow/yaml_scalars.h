#pragma once
// What a plain scalar is by its text (YAML 1.2.2 section 10.3.2, the core schema).

#include <string_view>

namespace workflow {

bool is_boolean(std::string_view text);
/// Decimal, 0o, 0x, floats, .inf and .nan.
bool is_number(std::string_view text);
/// Of a number: hexadecimal and octal ones have 32 bits.
bool is_too_large(std::string_view text);
bool is_null(std::string_view text);

}  // namespace workflow
