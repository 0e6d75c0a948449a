#pragma once

// A domain prepared for drawing: its law as a map from [0, 1) to values, with logarithms of the ends taken once. The
// map is the inverse of the distribution function, so that a uniform u gives exactly the masses of domain.h; every
// sampler goes through it.
//
//   uniform      lower + u * (upper - lower), below upper
//   loguniform   exp(ln lower + u * (ln upper - ln lower)), below upper
//   normal       mean + sd * quantile(u)
//   index        first + floor(u * count): steps, integers, choices
//   log index    floor(exp(ln a + u * (ln b - ln a)) + shift): a, b = the ends (shift 0), or the first and the last
//   index
//                widened by half a step (shift 1/2)
//   normal index round half away from zero of (mean + sd * quantile(u)) / q
//   weighted     the first index whose cumulated weight exceeds u * total

#include <cstdint>
#include <optional>

#include "searchspaces/decimal_step.h"
#include "searchspaces/domain.h"

namespace tune {

class UnitMap {
 public:
  /// Requires: check_domain passed, and the domain is not Derived. `domain` outlives the map.
  explicit UnitMap(const Domain& domain);

  Value at(double u) const;                ///< u in [0, 1)
  Value draw(RandomStream& stream) const;  ///< integers by rejection, all else by at(uniform)
  /// Where in [0, 1) the value lies: the middle of its slice for discrete laws. A value outside is taken to the nearest
  /// end; one of another kind, or none of the list, to 0.5.
  double position(const Value& value) const;

  bool is_discrete() const { return law_ >= Law::kIndex; }
  /// Number of values; 0 for continuous and unbounded laws. A choice counts its list.
  std::uint64_t count() const { return law_ == Law::kNormalIndex ? 0 : count_; }
  /// The value at `ordinal` < count(), in ascending (choice: file) order.
  Value value(std::uint64_t ordinal) const;

 private:
  enum class Law { kUniform, kLog, kNormal, kIndex, kLogIndex, kNormalIndex, kWeighted };

  void prepare(const Constant& d);
  void prepare(const Uniform& d);
  void prepare(const QUniform& d);
  void prepare(const LogUniform& d);
  void prepare(const QLogUniform& d);
  void prepare(const Normal& d);
  void prepare(const QNormal& d);
  void prepare(const RandInt& d);
  void prepare(const QRandInt& d);
  void prepare(const LogRandInt& d);
  void prepare(const QLogRandInt& d);
  void prepare(const Choice& d);
  void prepare(const GridSearch& d);
  void prepare(const Derived&) {}
  void prepare_index(std::int64_t first, std::uint64_t count);
  void prepare_log_index(double lower, double upper, double shift);

  double real(double u) const;
  std::int64_t index(double u) const;
  std::size_t weighted(double u) const;
  Value show(std::int64_t index) const;
  std::optional<std::int64_t> index_of(const Value& value) const;

  Law law_ = Law::kIndex;
  double lower_ = 0, upper_ = 0;  // ends; of kNormal, kNormalIndex: mean and standard deviation
  double log_lower_ = 0, log_span_ = 0;
  double shift_ = 0;
  std::int64_t first_ = 0;  // smallest index
  std::uint64_t count_ = 0;
  std::int64_t integer_step_ = 1;
  std::optional<DecimalStep> step_;  // real values: index * q in decimals
  double q_ = 1;
  const std::vector<Value>* list_ = nullptr;
  const Value* single_ = nullptr;
  const std::vector<double>* weights_ = nullptr;
  double total_weight_ = 0;
};

}  // namespace tune
