// Rung arithmetic: see the header for why there is no logarithm here.

#include "schedulers/rungs.h"

#include <limits>

namespace tune {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

constexpr double kSlack = 1e-12;

constexpr std::int64_t kAutoRungs = 10;

bool is_top(double level, double max_t) { return level >= max_t * (1 - kSlack); }

}  // namespace

std::int64_t s_max(std::int64_t r, std::int64_t max_t, std::int64_t eta) {
  std::int64_t count = 0;
  for (std::int64_t level = r; level <= max_t / eta; level *= eta) ++count;
  return count;
}

std::vector<std::int64_t> asha_levels(std::int64_t r, std::int64_t max_t, std::int64_t eta, std::int64_t s) {
  std::vector<std::int64_t> levels;
  std::int64_t level = r;
  for (std::int64_t i = 0; i < s; ++i) {
    if (level > max_t / eta) return {max_t};  // the bracket begins beyond R
    level *= eta;
  }
  while (level < max_t) {
    levels.push_back(level);
    if (level > max_t / eta) break;
    level *= eta;
  }
  levels.push_back(max_t);
  return levels;
}

std::int64_t real_s_max(double r, double max_t, std::int64_t eta) {
  const double factor = static_cast<double>(eta);
  std::int64_t count = 0;
  for (double level = r * factor; level / (1 + kSlack) <= max_t; level *= factor) ++count;
  return count;
}

std::vector<double> real_asha_levels(double r, double max_t, std::int64_t eta, std::int64_t s) {
  const double factor = static_cast<double>(eta);
  double level = r;
  for (std::int64_t i = 0; i < s && !is_top(level, max_t); ++i) level *= factor;
  std::vector<double> levels;
  for (; !is_top(level, max_t); level *= factor) levels.push_back(level);
  levels.push_back(max_t);
  return levels;
}

std::vector<std::int64_t> auto_levels(std::int64_t max_t) {
  std::vector<std::int64_t> levels;
  for (std::int64_t level = 1; level < max_t; level *= 2) {
    levels.push_back(level);
    if (level > max_t / 2) break;
  }
  if (levels.size() > kAutoRungs) levels.erase(levels.begin(), levels.end() - kAutoRungs);
  levels.push_back(max_t);
  return levels;
}

std::vector<double> real_auto_levels(double max_t) {
  std::vector<double> levels;
  for (std::int64_t k = kAutoRungs; k >= 0; --k) levels.push_back(max_t / static_cast<double>(std::int64_t{1} << k));
  return levels;
}

std::int64_t hyperband_n(std::int64_t s_max, std::int64_t eta, std::int64_t s) {
  // eta^s < 2^63 and s_max < 63, so the product holds in 128 bits.
  const __int128 exact = (static_cast<__int128>(s_max + 1) * power(eta, s) + s) / (s + 1);
  return exact > kLargest ? kLargest : static_cast<std::int64_t>(exact);
}

std::vector<std::int64_t> hyperband_levels(std::int64_t max_t, std::int64_t eta, std::int64_t s) {
  std::vector<std::int64_t> levels;
  for (std::int64_t i = s; i >= 0; --i) levels.push_back(max_t / power(eta, i));
  return levels;
}

std::int64_t power(std::int64_t eta, std::int64_t k) {
  std::int64_t product = 1;
  for (std::int64_t i = 0; i < k; ++i) {
    if (product > kLargest / eta) return kLargest;
    product *= eta;
  }
  return product;
}

}  // namespace tune
