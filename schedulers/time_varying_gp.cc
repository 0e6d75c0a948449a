#include "schedulers/time_varying_gp.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/portable_math.h"

namespace tune {
namespace {

constexpr Eigen::Index kMostToFit = 100;  // rows for the likelihood: older ones have faded
constexpr double kLengths[] = {0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.3, 2};
constexpr double kForgetting[] = {0, 0.02, 0.05, 0.1, 0.2, 0.4};
constexpr double kNoise[] = {0.001, 0.01, 0.05, 0.2};

double squared_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double squared = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squared += (a[i] - b[i]) * (a[i] - b[i]);
  return squared;
}

double near_in_space(double squared, double length) { return portable::exp(-squared / (2 * length * length)); }
double near_in_time(double apart, double log_keep) { return portable::exp(log_keep * apart / 2); }

/// The marginal likelihood under any law of the grids. The two factors of the kernel are computed once for each of
/// their own values, the likelihood once for each law.
class Likelihood {
 public:
  Likelihood(const std::vector<GpPoint>& points, const Eigen::VectorXd& y) : points_(points), y_(y) {}

  /// Up to a constant; by places in the grids.
  double of(std::size_t length, std::size_t forgetting, std::size_t noise) {
    const auto [known, is_new] = known_.try_emplace({length, forgetting, noise});
    if (is_new) known->second = compute(length, forgetting, noise);
    return known->second;
  }

 private:
  using Factor = Eigen::MatrixXd;

  template <class Near>
  const Factor& factor(std::map<std::size_t, Factor>& known, std::size_t place, Near near) const {
    const auto [found, is_new] = known.try_emplace(place);
    if (!is_new) return found->second;
    const Eigen::Index n = y_.size();
    Factor& matrix = found->second;
    matrix.resize(n, n);
    for (Eigen::Index j = 0; j < n; ++j) {
      for (Eigen::Index i = j; i < n; ++i) {
        matrix(i, j) = near(points_[static_cast<std::size_t>(i)], points_[static_cast<std::size_t>(j)]);
      }
    }
    return matrix;
  }

  double compute(std::size_t length, std::size_t forgetting, std::size_t noise) {
    const Factor& space = factor(space_, length, [&](const GpPoint& a, const GpPoint& b) {
      return near_in_space(squared_distance(a.x, b.x), kLengths[length]);
    });
    const double log_keep = portable::log(1 - kForgetting[forgetting]);
    const Factor& time = factor(time_, forgetting, [&](const GpPoint& a, const GpPoint& b) {
      return near_in_time(std::abs(a.t - b.t), log_keep);
    });
    Eigen::MatrixXd k = space.cwiseProduct(time);
    k.diagonal().array() += kNoise[noise];
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(k);  // in place: of the lower half
    const Eigen::VectorXd half = cholesky.matrixL().solve(y_);
    double determinant = 1;  // its root: 100 numbers between 0.03 and 1.1 leave no double's range
    for (Eigen::Index i = 0; i < y_.size(); ++i) determinant *= k(i, i);
    return -half.squaredNorm() / 2 - portable::log(determinant);
  }

  const std::vector<GpPoint>& points_;
  const Eigen::VectorXd& y_;
  std::map<std::size_t, Factor> space_, time_;
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, double> known_;
};

}  // namespace

TimeVaryingGp::TimeVaryingGp(std::vector<GpPoint> points, const std::vector<double>& y)
    : all_(std::move(points)), observed_(static_cast<Eigen::Index>(all_.size())) {
  std::reverse(all_.begin(), all_.end());
  y_ = Eigen::Map<const Eigen::VectorXd>(y.data(), observed_).reverse();
  const double mean = y_.mean();
  const double deviation = std::sqrt((y_.array() - mean).square().mean());
  y_ = (y_.array() - mean) / (deviation > 0 ? deviation : 1);
  fit();
  const double log_keep = portable::log(1 - law_.forgetting);
  Matrix k(observed_, observed_);
  for (Eigen::Index i = 0; i < observed_; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j)
      k(i, j) = covariance(all_[static_cast<std::size_t>(i)], all_[static_cast<std::size_t>(j)], log_keep);
    k(i, i) += law_.noise;
  }
  const Eigen::LLT<Matrix> cholesky(k);
  lower_ = cholesky.matrixL();
  weights_ = cholesky.solve(y_);
}

void TimeVaryingGp::fit() {
  const Eigen::Index n = std::min(observed_, kMostToFit);
  const std::vector<GpPoint> newest(all_.begin(), all_.begin() + n);
  const Eigen::VectorXd y = y_.head(n);
  Likelihood likelihood(newest, y);
  std::size_t length = 3, forgetting = 3, noise = 1;  // in the middle of each grid
  double best = likelihood.of(length, forgetting, noise);
  const auto improve = [&](std::size_t& part, std::size_t size) {
    for (std::size_t place = 0; place < size; ++place) {
      const std::size_t before = std::exchange(part, place);
      const double found = likelihood.of(length, forgetting, noise);
      found > best ? void(best = found) : void(part = before);
    }
  };
  for (int sweep = 0; sweep < 2; ++sweep) {
    improve(length, std::size(kLengths));
    improve(forgetting, std::size(kForgetting));
    improve(noise, std::size(kNoise));
  }
  law_ = {kLengths[length], kForgetting[forgetting], kNoise[noise]};
}

void TimeVaryingGp::extend(const GpPoint& point) {
  const Eigen::VectorXd k = covariances(point);
  const Eigen::Index n = k.size();
  lower_.conservativeResize(n + 1, n + 1);
  Eigen::VectorXd row(n);
  for (Eigen::Index i = 0; i < n; ++i) row(i) = (k(i) - lower_.row(i).head(i).dot(row.head(i))) / lower_(i, i);
  lower_.row(n).head(n) = row.transpose();
  lower_.col(n).head(n).setZero();
  lower_(n, n) = std::sqrt(std::max(1 + law_.noise - row.squaredNorm(), law_.noise));
  all_.push_back(point);
}

void TimeVaryingGp::set_pending(const std::vector<GpPoint>& pending) {
  // What is pending still, from the first one on, is in the factor already.
  std::size_t same = 0;
  const std::size_t had = all_.size() - static_cast<std::size_t>(observed_);
  const auto first = static_cast<std::size_t>(observed_);
  while (same < std::min(had, pending.size()) && all_[first + same] == pending[same]) ++same;
  all_.resize(first + same);
  const auto n = static_cast<Eigen::Index>(all_.size());
  lower_.conservativeResize(n, n);
  for (std::size_t i = same; i < pending.size(); ++i) extend(pending[i]);
}

double TimeVaryingGp::covariance(const GpPoint& a, const GpPoint& b, double log_keep) const {
  return near_in_space(squared_distance(a.x, b.x), law_.length) * near_in_time(std::abs(a.t - b.t), log_keep);
}

Eigen::VectorXd TimeVaryingGp::covariances(const GpPoint& point) const {
  const double log_keep = portable::log(1 - law_.forgetting);
  Eigen::VectorXd k(static_cast<Eigen::Index>(all_.size()));
  for (std::size_t i = 0; i < all_.size(); ++i) {
    k(static_cast<Eigen::Index>(i)) = covariance(point, all_[i], log_keep);
  }
  return k;
}

double TimeVaryingGp::explained(const Eigen::VectorXd& k, double enough) const {
  Eigen::VectorXd half(k.size());
  double sum = 0;
  for (Eigen::Index i = 0; i < k.size() && sum <= enough; ++i) {
    half(i) = (k(i) - lower_.row(i).head(i).dot(half.head(i))) / lower_(i, i);
    sum += half(i) * half(i);
  }
  return sum;
}

TimeVaryingGp::Prediction TimeVaryingGp::predict(const GpPoint& point) const {
  const Eigen::VectorXd k = covariances(point);
  const double known = explained(k, std::numeric_limits<double>::infinity());
  return {k.head(observed_).dot(weights_), std::sqrt(std::max(0.0, 1 - known))};
}

std::size_t TimeVaryingGp::best(double t, const std::vector<std::vector<double>>& candidates, double kappa) const {
  const double log_keep = portable::log(1 - law_.forgetting);
  std::vector<double> in_time(all_.size());
  for (std::size_t i = 0; i < all_.size(); ++i) in_time[i] = near_in_time(std::abs(t - all_[i].t), log_keep);
  Matrix k(static_cast<Eigen::Index>(candidates.size()), static_cast<Eigen::Index>(all_.size()));
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      k(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(i)) =
          in_time[i] * near_in_space(squared_distance(candidates[c], all_[i].x), law_.length);
    }
  }
  const Eigen::VectorXd means = k.leftCols(observed_) * weights_;

  // No deviation is above 1, and the more rows are looked at, the smaller it is seen to be: by falling means, most
  // candidates are known to be worse than the best so far after a few rows.
  std::vector<std::size_t> by_mean(candidates.size());
  std::iota(by_mean.begin(), by_mean.end(), std::size_t{0});
  const auto mean = [&](std::size_t c) { return means(static_cast<Eigen::Index>(c)); };
  std::ranges::stable_sort(by_mean, [&](std::size_t a, std::size_t b) { return mean(a) > mean(b); });
  std::size_t best = by_mean.front();
  double best_score = -std::numeric_limits<double>::infinity();
  for (const std::size_t c : by_mean) {
    const double wanted = (best_score - mean(c)) / kappa;  // a deviation that would do
    if (wanted > 1) break;
    const double enough = wanted > 0 ? 1 - wanted * wanted : std::numeric_limits<double>::infinity();
    const double known = explained(k.row(static_cast<Eigen::Index>(c)).transpose(), enough);
    const double score = mean(c) + kappa * std::sqrt(std::max(0.0, 1 - known));
    if (score > best_score || (score == best_score && c < best)) best_score = score, best = c;
  }
  return best;
}

}  // namespace tune
