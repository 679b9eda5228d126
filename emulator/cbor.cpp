#include "emulator/cbor.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

namespace emulator {

namespace {

constexpr int kDeepestCbor = 32;
constexpr unsigned kIndefinite = 31;
constexpr unsigned char kBreak = 0xFF;
enum class Major : unsigned { positive, negative, bytes, text, array, map, tag, simple };

class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  base::Result<base::Json> document() {
    TRY(auto value, item(0));
    if (at_ != bytes_.size()) return fault("bytes after the document");
    return value;
  }

 private:
  [[nodiscard]] base::Error fault(const std::string& what) const {
    return base::make_error(base::ErrorKind::invalid_input, fmt::format("CBOR, byte {}: {}", at_, what));
  }

  struct Head {
    Major major = Major::simple;
    unsigned info = 0;
    std::uint64_t argument = 0;
  };
  base::Result<Head> head() {
    if (at_ >= bytes_.size()) return fault("the document ends too early");
    const auto first = static_cast<unsigned char>(bytes_[at_++]);
    Head head{static_cast<Major>(first >> 5U), first & 31U, first & 31U};
    if (head.info < 24 || head.info == kIndefinite) return head;
    if (head.info > 27) return fault("a length that is not defined");
    const std::size_t size = std::size_t{1} << (head.info - 24);
    if (bytes_.size() - at_ < size) return fault("the document ends too early");
    head.argument = 0;
    for (std::size_t i = 0; i < size; ++i)
      head.argument = head.argument << 8U | static_cast<unsigned char>(bytes_[at_++]);
    return head;
  }

  bool take_break() {
    if (at_ >= bytes_.size() || static_cast<unsigned char>(bytes_[at_]) != kBreak) return false;
    ++at_;
    return true;
  }

  base::Result<base::Json> item(int depth) {
    if (depth > kDeepestCbor) return fault(fmt::format("deeper than {} levels", kDeepestCbor));
    TRY(const auto start, head());
    switch (start.major) {
      case Major::positive:
        return base::Json(start.argument);
      case Major::negative:
        if (start.argument > std::numeric_limits<std::int64_t>::max()) return fault("a number too small");
        return base::Json(-1 - static_cast<std::int64_t>(start.argument));
      case Major::bytes:
      case Major::text:
        return text(start);
      case Major::array:
        return array(start, depth);
      case Major::map:
        return map(start, depth);
      case Major::tag:
        return item(depth + 1);
      case Major::simple:
        return simple(start);
    }
    return fault("an item of no kind");
  }

  base::Result<base::Json> text(const Head& start) {
    if (start.info != kIndefinite) {
      if (start.argument > bytes_.size() - at_) return fault("a text that is longer than the document");
      std::string value(bytes_.substr(at_, start.argument));
      at_ += start.argument;
      return base::Json(std::move(value));
    }
    std::string whole;
    while (!take_break()) {
      TRY(const auto piece, head());
      if (piece.major != start.major || piece.info == kIndefinite) return fault("expected a piece of a text");
      TRY(const auto value, text(piece));
      whole += value.get_ref<const std::string&>();
    }
    return base::Json(std::move(whole));
  }

  base::Result<base::Json> array(const Head& start, int depth) {
    base::Json list = base::Json::array();
    for (std::uint64_t i = 0; start.info == kIndefinite ? !take_break() : i < start.argument; ++i) {
      TRY(auto value, item(depth + 1));
      list.push_back(std::move(value));
    }
    return list;
  }

  base::Result<base::Json> map(const Head& start, int depth) {
    base::Json object = base::Json::object();
    for (std::uint64_t i = 0; start.info == kIndefinite ? !take_break() : i < start.argument; ++i) {
      TRY(const auto key, item(depth + 1));
      if (!key.is_string()) return fault("expected a text as the key of a map");
      TRY(object[key.get_ref<const std::string&>()], item(depth + 1));
    }
    return object;
  }

  base::Result<base::Json> simple(const Head& start) {
    switch (start.info) {
      case 20:
        return base::Json(false);
      case 21:
        return base::Json(true);
      case 22:
      case 23:
        return base::Json(nullptr);
      case 25:
        return base::Json(half(static_cast<std::uint16_t>(start.argument)));
      case 26:
        return base::Json(
            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(start.argument))));
      case 27:
        return base::Json(std::bit_cast<double>(start.argument));
      default:
        return fault("a simple value that is not defined");
    }
  }

  static double half(std::uint16_t bits) {
    const int exponent = bits >> 10U & 31;
    const double mantissa = bits & 1023U;
    const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
    if (exponent == 0) return sign * std::ldexp(mantissa, -24);
    if (exponent != 31) return sign * std::ldexp(mantissa + 1024, exponent - 25);
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

void write_head(std::string& out, Major major, std::uint64_t argument) {
  const auto first = static_cast<unsigned>(major) << 5U;
  if (argument < 24) {
    out += static_cast<char>(first | argument);
    return;
  }
  const unsigned power = argument <= 0xFF ? 0 : argument <= 0xFFFF ? 1 : argument <= 0xFFFFFFFF ? 2 : 3;
  out += static_cast<char>(first | (24 + power));
  for (int shift = (8 << power) - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(argument >> static_cast<unsigned>(shift));
}

void write_double(std::string& out, double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  out += static_cast<char>(0xFB);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> static_cast<unsigned>(shift));
}

class CborWriter {
 public:
  explicit CborWriter(const std::set<std::string>& time_members) : time_members_(time_members) {}

  std::string out;  // NOLINT(misc-non-private-member-variables-in-classes): what it is for

  enum class Holds { anything, times };
  void write(const base::Json& value, Holds holds) {
    if (value.is_object()) {
      write_object(value);
    } else if (value.is_array()) {
      write_head(out, Major::array, value.size());
      for (const auto& item : value) write(item, holds);
    } else if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      write_head(out, Major::text, text.size());
      out += text;
    } else if (value.is_number() && holds == Holds::times) {
      write_head(out, Major::tag, 1);
      write_double(out, value.get<double>());
    } else if (value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0)) {
      write_head(out, Major::positive, value.get<std::uint64_t>());
    } else if (value.is_number_integer()) {
      write_head(out, Major::negative, static_cast<std::uint64_t>(-1 - value.get<std::int64_t>()));
    } else if (value.is_number()) {
      write_double(out, value.get<double>());
    } else {
      out += value.is_null() ? '\xF6' : value.get<bool>() ? '\xF5' : '\xF4';
    }
  }

 private:
  void write_object(const base::Json& object) {
    std::size_t present = 0;
    for (const auto& [name, member] : object.items()) present += member.is_null() ? 0 : 1;
    write_head(out, Major::map, present);
    for (const auto& [name, member] : object.items()) {
      if (member.is_null()) continue;
      write(name, Holds::anything);
      write(member, time_members_.contains(name) ? Holds::times : Holds::anything);
    }
  }

  const std::set<std::string>& time_members_;
};

}  // namespace

base::Result<base::Json> parse_cbor(std::string_view bytes) {
  return CborReader(bytes).document();
}

std::string to_cbor(const base::Json& value, const std::set<std::string>& time_members) {
  CborWriter writer(time_members);
  writer.write(value, CborWriter::Holds::anything);
  return std::move(writer.out);
}

}  // namespace emulator
