#pragma once

// Multiples of a decimal step. 3 * 0.1 in doubles is 0.30000000000000004; people who write `q: 0.1` mean 0.3. A step is
// therefore kept as digits * 10^exponent, and a multiple is the double nearest to the exact decimal product.

#include <cstdint>

namespace tune {

class DecimalStep {
 public:
  /// Requires: q is finite and above 0. The decimals are those of the shortest text that reads back as q.
  explicit DecimalStep(double q);

  /// The double nearest to index * q in decimals. Requires: |index| <= 2^53 and the product is finite.
  double times(std::int64_t index) const;

 private:
  double q_;
  std::int64_t digits_ = 0;
  int exponent_ = 0;
};

/// Largest magnitude of an index of a step: up to here every integer is a double.
inline constexpr std::int64_t kMaxStepIndex = std::int64_t{1} << 53;

/// Index of the multiple of q that `value` is, within a relative tolerance of 1e-9; false if it is none.
bool index_of_multiple(double value, double q, std::int64_t& index);

}  // namespace tune
