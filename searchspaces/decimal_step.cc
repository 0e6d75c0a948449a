#include "searchspaces/decimal_step.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace tune {
namespace {

constexpr double kTolerance = 1e-9;

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

std::string decimal_text(__int128 number) {
  const bool negative = number < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(number) : static_cast<unsigned __int128>(number);
  std::string reversed;
  do {
    reversed += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) reversed += '-';
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace

DecimalStep::DecimalStep(double q) : q_(q) {
  std::array<char, 32> text;  // `2.5e-05`: at most 17 digits
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), q, std::chars_format::scientific).ptr;
  int decimals = 0;
  bool after_point = false;
  const char* at = text.data();
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      after_point = true;
    } else {
      digits_ = digits_ * 10 + (*at - '0');
      decimals += after_point;
    }
  }
  if (at != end && *++at == '+') ++at;  // from_chars takes no plus
  std::from_chars(at, end, exponent_);
  exponent_ -= decimals;
}

double DecimalStep::times(std::int64_t index) const {
  const __int128 product = static_cast<__int128>(digits_) * index;
  const bool exact = product <= kMaxStepIndex && product >= -kMaxStepIndex;
  // Both operands are exact, so one division or multiplication rounds once: to the nearest double.
  if (exact && exponent_ <= 0 && exponent_ >= -22) {
    return static_cast<double>(product) / kPowersOfTen[static_cast<std::size_t>(-exponent_)];
  }
  if (exact && exponent_ > 0 && exponent_ <= 22) {
    return static_cast<double>(product) * kPowersOfTen[static_cast<std::size_t>(exponent_)];
  }
  const std::string text = decimal_text(product) + "e" + std::to_string(exponent_);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() ? value : static_cast<double>(index) * q_;
}

bool index_of_multiple(double value, double q, std::int64_t& index) {
  const double quotient = value / q;
  if (!(std::abs(quotient) <= static_cast<double>(kMaxStepIndex))) return false;
  const double nearest = std::round(quotient);
  if (std::abs(quotient - nearest) > kTolerance * std::max(1.0, std::abs(quotient))) return false;
  index = static_cast<std::int64_t>(nearest);
  return true;
}

}  // namespace tune
