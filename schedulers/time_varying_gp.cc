#include "schedulers/time_varying_gp.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <queue>
#include <tuple>
#include <utility>

#include "core/portable_math.h"

namespace tune {
namespace {

constexpr Eigen::Index kMostToFit = 100;  // rows for the likelihood: older ones have faded
constexpr std::size_t kAtOnce = 16;       // points that a search looks at before it compares again
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

TimeVaryingGp::TimeVaryingGp(std::vector<GpPoint> points, const std::vector<double>& y,
                             std::vector<std::vector<double>> candidates)
    : all_(std::move(points)), observed_(static_cast<Eigen::Index>(all_.size())), candidates_(std::move(candidates)) {
  std::reverse(all_.begin(), all_.end());
  y_ = Eigen::Map<const Eigen::VectorXd>(y.data(), observed_).reverse();
  const double mean = y_.mean();
  const double deviation = std::sqrt((y_.array() - mean).square().mean());
  y_ = (y_.array() - mean) / (deviation > 0 ? deviation : 1);
  fit();
  const double log_keep = portable::log(1 - law_.forgetting);
  Eigen::MatrixXd k(observed_, observed_);
  for (Eigen::Index i = 0; i < observed_; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j)
      k(i, j) = covariance(all_[static_cast<std::size_t>(i)], all_[static_cast<std::size_t>(j)], log_keep);
    k(i, i) += law_.noise;
  }
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(k);  // in place: of the lower half
  weights_ = cholesky.solve(y_);
  for (Eigen::Index i = 0; i < observed_; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) lower_.push_back(k(i, j));
  }
  for (const GpPoint& point : all_) near_.push_back(nearness(candidates_, point));
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
  const Look look = look_at_all(k);
  lower_.insert(lower_.end(), look.half.begin(), look.half.end());
  lower_.push_back(std::sqrt(std::max(1 + law_.noise - look.explained, law_.noise)));
  all_.push_back(point);
  near_.push_back(nearness(candidates_, point));
}

void TimeVaryingGp::set_pending(const std::vector<GpPoint>& pending) {
  // What is pending still, from the first one on, is in the factor already.
  std::size_t same = 0;
  const std::size_t had = all_.size() - static_cast<std::size_t>(observed_);
  const auto first = static_cast<std::size_t>(observed_);
  while (same < std::min(had, pending.size()) && all_[first + same] == pending[same]) ++same;
  const std::size_t n = first + same;
  all_.resize(n);
  near_.resize(n);
  lower_.resize(n * (n + 1) / 2);
  if (same < had) looked_.clear();
  for (std::size_t i = same; i < pending.size(); ++i) extend(pending[i]);
}

void TimeVaryingGp::look_further(Look& look, double k) const {
  const auto i = static_cast<Eigen::Index>(look.half.size());
  const auto factor = row(i);
  const double next = (k - factor.head(i).dot(Eigen::Map<const Eigen::VectorXd>(look.half.data(), i))) / factor(i);
  look.half.push_back(next);
  look.explained += next * next;
}

TimeVaryingGp::Look TimeVaryingGp::look_at_all(const Eigen::VectorXd& k) const {
  Look look;
  look.half.reserve(all_.size());
  for (const double one : k) look_further(look, one);
  return look;
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

Eigen::VectorXd TimeVaryingGp::nearness(const std::vector<std::vector<double>>& candidates,
                                        const GpPoint& point) const {
  Eigen::VectorXd near(static_cast<Eigen::Index>(candidates.size()));
  for (Eigen::Index c = 0; c < near.size(); ++c) {
    near(c) = near_in_space(squared_distance(candidates[static_cast<std::size_t>(c)], point.x), law_.length);
  }
  return near;
}

TimeVaryingGp::Prediction TimeVaryingGp::predict(const GpPoint& point) const {
  const Eigen::VectorXd k = covariances(point);
  return {k.head(observed_).dot(weights_), std::sqrt(std::max(0.0, 1 - look_at_all(k).explained))};
}

const std::vector<double>& TimeVaryingGp::best(double t, const std::vector<std::vector<double>>& more, double kappa) {
  const auto n = static_cast<Eigen::Index>(all_.size());
  const double log_keep = portable::log(1 - law_.forgetting);
  const auto shared = static_cast<Eigen::Index>(candidates_.size());
  Eigen::VectorXd in_time(n), means = Eigen::VectorXd::Zero(shared + static_cast<Eigen::Index>(more.size()));
  std::vector<Eigen::VectorXd> near_more;
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    in_time(i) = near_in_time(std::abs(t - all_[at].t), log_keep);
    near_more.push_back(nearness(more, all_[at]));
    if (i >= observed_) continue;
    means.head(shared) += in_time(i) * weights_(i) * near_[at];
    means.tail(near_more[at].size()) += in_time(i) * weights_(i) * near_more[at];
  }

  // No deviation is above 1, and the more points are looked at, the smaller it is seen to be. Who may be the best by
  // what is seen is looked at further, until that is known to the end: most are never looked at beyond a few points.
  if (looked_.empty() || t != looked_for_) looked_.assign(candidates_.size(), {});
  looked_for_ = t;
  std::vector<Look> looked_more(more.size());
  const auto look = [&](Eigen::Index c) -> Look& {
    return c < shared ? looked_[static_cast<std::size_t>(c)] : looked_more[static_cast<std::size_t>(c - shared)];
  };
  struct Open {
    double score;  ///< at most
    Eigen::Index candidate;
  };
  const auto opened = [&](Eigen::Index c) {
    return Open{means(c) + kappa * std::sqrt(std::max(0.0, 1 - look(c).explained)), c};
  };
  const auto is_behind = [](const Open& a, const Open& b) {
    return a.score != b.score ? a.score < b.score : a.candidate > b.candidate;
  };
  std::priority_queue<Open, std::vector<Open>, decltype(is_behind)> open(is_behind);
  for (Eigen::Index c = 0; c < means.size(); ++c) open.push(opened(c));
  while (look(open.top().candidate).half.size() < all_.size()) {
    const Eigen::Index c = open.top().candidate;
    open.pop();
    Look& seen = look(c);
    seen.half.reserve(all_.size());
    const std::size_t until = std::min(seen.half.size() + kAtOnce, all_.size());
    for (std::size_t i = seen.half.size(); i < until; ++i) {
      const double near = c < shared ? near_[i](c) : near_more[i](c - shared);
      look_further(seen, in_time(static_cast<Eigen::Index>(i)) * near);
    }
    open.push(opened(c));
  }
  const auto best = static_cast<std::size_t>(open.top().candidate);
  return best < candidates_.size() ? candidates_[best] : more[best - candidates_.size()];
}

}  // namespace tune
