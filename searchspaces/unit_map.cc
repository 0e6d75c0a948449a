#include "searchspaces/unit_map.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/portable_math.h"

namespace tune {
namespace {

constexpr double kBelowOne = 1 - 0x1p-53;

double clamp_unit(double u) { return std::clamp(u, 0.0, kBelowOne); }

/// Normals have no value at 0 and 1: the outermost cells of 2^54 stand for them.
double normal_quantile(double u) { return portable::inverse_normal(std::clamp(u, 0x1p-54, kBelowOne)); }

/// Requires: lower <= upper. The interval is half open, unless its ends are equal.
double keep_inside(double x, double lower, double upper) {
  if (x >= upper) x = std::nextafter(upper, lower);
  return std::max(x, lower);
}

std::int64_t step_index(double value, double q) {
  std::int64_t index = 0;
  index_of_multiple(value, q, index);
  return index;
}

}  // namespace

UnitMap::UnitMap(const Domain& domain) {
  std::visit([this](const auto& d) { prepare(d); }, domain);
}

void UnitMap::prepare_index(std::int64_t first, std::uint64_t count) {
  law_ = Law::kIndex;
  first_ = first;
  count_ = count;
}

void UnitMap::prepare_log_index(double lower, double upper, double shift) {
  law_ = Law::kLogIndex;
  lower_ = lower;
  upper_ = upper;
  log_lower_ = portable::log(lower);
  log_span_ = portable::log(upper) - log_lower_;
  shift_ = shift;
}

void UnitMap::prepare(const Constant& d) {
  prepare_index(0, 1);
  single_ = &d.value;
}

void UnitMap::prepare(const Uniform& d) {
  law_ = Law::kUniform;
  lower_ = d.lower;
  upper_ = d.upper;
  count_ = d.lower == d.upper;
}

void UnitMap::prepare(const LogUniform& d) {
  law_ = Law::kLog;
  lower_ = d.lower;
  upper_ = d.upper;
  log_lower_ = portable::log(d.lower);
  log_span_ = portable::log(d.upper) - log_lower_;
  count_ = d.lower == d.upper;
}

void UnitMap::prepare(const QUniform& d) {
  step_.emplace(d.q);
  q_ = d.q;
  const std::int64_t first = step_index(d.lower, d.q);
  prepare_index(first, static_cast<std::uint64_t>(step_index(d.upper, d.q) - first) + 1);
}

void UnitMap::prepare(const QLogUniform& d) {
  prepare(QUniform{d.lower, d.upper, d.q});
  const double last = static_cast<double>(first_) + static_cast<double>(count_ - 1);
  prepare_log_index(static_cast<double>(first_) - 0.5, last + 0.5, 0.5);
}

void UnitMap::prepare(const Normal& d) {
  law_ = Law::kNormal;
  lower_ = d.mean;
  upper_ = d.sd;
}

void UnitMap::prepare(const QNormal& d) {
  law_ = Law::kNormalIndex;
  lower_ = d.mean;
  upper_ = d.sd;
  step_.emplace(d.q);
  q_ = d.q;
}

void UnitMap::prepare(const RandInt& d) {
  prepare_index(d.lower, static_cast<std::uint64_t>(d.upper) - static_cast<std::uint64_t>(d.lower));
}

void UnitMap::prepare(const QRandInt& d) {
  integer_step_ = d.q;
  const std::int64_t first = d.lower / d.q, last = d.upper / d.q;
  // One value more than the difference; the whole range of 64 bits, which has 2^64, is refused by check_domain.
  prepare_index(first, static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) + 1);
}

void UnitMap::prepare(const LogRandInt& d) {
  prepare(RandInt{d.lower, d.upper});
  prepare_log_index(static_cast<double>(d.lower), static_cast<double>(d.upper), 0);
}

void UnitMap::prepare(const QLogRandInt& d) {
  prepare(QRandInt{d.lower, d.upper, d.q});
  const std::int64_t last = d.upper / d.q;  // exact: q divides it
  prepare_log_index(static_cast<double>(first_) - 0.5, static_cast<double>(last) + 0.5, 0.5);
}

void UnitMap::prepare(const Choice& d) {
  prepare_index(0, d.values.size());
  list_ = &d.values;
  if (d.weights.empty()) return;
  law_ = Law::kWeighted;
  weights_ = &d.weights;
  for (const double weight : d.weights) total_weight_ += weight;
}

void UnitMap::prepare(const GridSearch& d) {
  prepare_index(0, d.values.size());
  list_ = &d.values;
}

double UnitMap::real(double u) const {
  switch (law_) {
    case Law::kUniform: {
      const double span = upper_ - lower_;  // may be beyond the largest double
      return keep_inside(std::isfinite(span) ? lower_ + u * span : lower_ * (1 - u) + upper_ * u, lower_, upper_);
    }
    case Law::kLog: return keep_inside(portable::exp(log_lower_ + u * log_span_), lower_, upper_);
    default: {
      constexpr double kLargest = std::numeric_limits<double>::max();
      return std::clamp(lower_ + upper_ * normal_quantile(u), -kLargest, kLargest);
    }
  }
}

std::size_t UnitMap::weighted(double u) const {
  const double wanted = u * total_weight_;
  double sum = 0;
  std::size_t last_possible = 0;
  for (std::size_t i = 0; i < weights_->size(); ++i) {
    if ((*weights_)[i] == 0) continue;
    sum += (*weights_)[i];
    last_possible = i;
    if (wanted < sum) return i;
  }
  return last_possible;  // rounding of the sums
}

std::int64_t UnitMap::index(double u) const {
  const auto from_first = [&](double offset) {
    const double last = static_cast<double>(count_ - 1);
    if (!(offset > 0)) return first_;
    const std::uint64_t ordinal = offset >= last ? count_ - 1 : static_cast<std::uint64_t>(offset);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + ordinal);
  };
  switch (law_) {
    case Law::kIndex: return from_first(std::floor(u * static_cast<double>(count_)));
    case Law::kLogIndex:
      return from_first(std::floor(portable::exp(log_lower_ + u * log_span_) + shift_) - static_cast<double>(first_));
    case Law::kWeighted: return static_cast<std::int64_t>(weighted(u));
    default: {
      constexpr double kMost = static_cast<double>(kMaxStepIndex);
      // std::round takes halves away from zero.
      return static_cast<std::int64_t>(
          std::clamp(std::round((lower_ + upper_ * normal_quantile(u)) / q_), -kMost, kMost));
    }
  }
}

Value UnitMap::show(std::int64_t index) const {
  if (single_) return *single_;
  if (list_) return (*list_)[static_cast<std::size_t>(index)];
  if (step_) return Value(step_->times(index));
  return Value(index * integer_step_);
}

Value UnitMap::at(double u) const { return is_discrete() ? show(index(u)) : Value(real(u)); }

Value UnitMap::draw(RandomStream& stream) const {
  if (law_ != Law::kIndex) return at(stream.uniform());
  return show(static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + stream.below(count_)));
}

Value UnitMap::value(std::uint64_t ordinal) const {
  if (!is_discrete()) return Value(lower_);
  return show(static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + ordinal));
}

std::optional<std::int64_t> UnitMap::index_of(const Value& value) const {
  if (list_) {
    const auto found = std::find(list_->begin(), list_->end(), value);
    if (found == list_->end()) return std::nullopt;
    return found - list_->begin();
  }
  const auto number = value.number();
  if (single_ || !number || std::isnan(*number)) return std::nullopt;
  if (law_ == Law::kNormalIndex) return 0;  // placed by its value, not by its index
  const auto last = static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + (count_ - 1));
  if (value.is_integer() && !step_) return std::clamp(value.integer() / integer_step_, first_, last);
  const double rounded = std::round(*number / (step_ ? q_ : static_cast<double>(integer_step_)));
  if (!(rounded > static_cast<double>(first_))) return first_;
  return rounded >= static_cast<double>(last) ? last : static_cast<std::int64_t>(rounded);
}

double UnitMap::position(const Value& value) const {
  const auto number = value.number();
  if (!is_discrete()) {
    if (!number || std::isnan(*number)) return 0.5;
    if (law_ == Law::kNormal) return clamp_unit(portable::normal_cdf((*number - lower_) / upper_));
    if (lower_ == upper_) return 0.5;
    if (*number <= lower_) return 0;
    if (*number >= upper_) return kBelowOne;
    if (law_ == Law::kLog) return clamp_unit((portable::log(*number) - log_lower_) / log_span_);
    const double span = upper_ - lower_;
    return clamp_unit(std::isfinite(span) ? (*number - lower_) / span
                                          : (*number / 2 - lower_ / 2) / (upper_ / 2 - lower_ / 2));
  }
  const auto index = index_of(value);
  if (!index) return 0.5;
  switch (law_) {
    case Law::kLogIndex: {
      const double from = static_cast<double>(*index) - shift_;
      return clamp_unit(((portable::log(from) + portable::log(from + 1)) / 2 - log_lower_) / log_span_);
    }
    case Law::kWeighted: {
      double below = 0;
      for (std::int64_t i = 0; i < *index; ++i) below += (*weights_)[static_cast<std::size_t>(i)];
      return clamp_unit((below + (*weights_)[static_cast<std::size_t>(*index)] / 2) / total_weight_);
    }
    case Law::kNormalIndex: return clamp_unit(portable::normal_cdf((*number - lower_) / upper_));
    default: {
      const std::uint64_t ordinal = static_cast<std::uint64_t>(*index) - static_cast<std::uint64_t>(first_);
      return clamp_unit((static_cast<double>(ordinal) + 0.5) / static_cast<double>(count_));
    }
  }
}

}  // namespace tune
