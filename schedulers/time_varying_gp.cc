#include "schedulers/time_varying_gp.h"

#include <algorithm>
#include <cmath>

#include "core/portable_math.h"

namespace tune {
namespace {

constexpr std::size_t kMostToFit = 100;  // rows for the likelihood: older ones have faded
constexpr double kLengths[] = {0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.3, 2};
constexpr double kForgetting[] = {0, 0.02, 0.05, 0.1, 0.2, 0.4};
constexpr double kNoise[] = {0.001, 0.01, 0.05, 0.2};

}  // namespace

TimeVaryingGp::TimeVaryingGp(std::vector<GpPoint> points, const std::vector<double>& y) : points_(std::move(points)) {
  law_.log_keep = portable::log(1 - law_.forgetting);
  y_ = Eigen::Map<const Eigen::VectorXd>(y.data(), static_cast<Eigen::Index>(y.size()));
  const double mean = y_.mean();
  const double deviation = std::sqrt((y_.array() - mean).square().mean());
  y_ = (y_.array() - mean) / (deviation > 0 ? deviation : 1);
  fit();
  const Eigen::LLT<Eigen::MatrixXd> cholesky(covariance(law_, points_));
  weights_ = cholesky.solve(y_);
  all_ = points_;
  lower_ = cholesky.matrixL();
}

void TimeVaryingGp::add_pending(const std::vector<GpPoint>& pending) {
  if (pending.empty()) return;
  all_ = points_;
  all_.insert(all_.end(), pending.begin(), pending.end());
  lower_ = covariance(law_, all_).llt().matrixL();
}

double TimeVaryingGp::kernel(const Law& law, const GpPoint& a, const GpPoint& b) {
  double squared = 0;
  for (std::size_t i = 0; i < a.x.size(); ++i) squared += (a.x[i] - b.x[i]) * (a.x[i] - b.x[i]);
  return portable::exp(law.log_keep * std::abs(a.t - b.t) / 2 - squared / (2 * law.length * law.length));
}

Eigen::MatrixXd TimeVaryingGp::covariance(const Law& law, const std::vector<GpPoint>& points) {
  const auto n = static_cast<Eigen::Index>(points.size());
  Eigen::MatrixXd k(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      k(i, j) = k(j, i) = kernel(law, points[static_cast<std::size_t>(i)], points[static_cast<std::size_t>(j)]);
    }
    k(i, i) += law.noise;
  }
  return k;
}

double TimeVaryingGp::likelihood(const Law& law, const std::vector<GpPoint>& points, const Eigen::VectorXd& y) {
  const Eigen::LLT<Eigen::MatrixXd> cholesky(covariance(law, points));
  const Eigen::VectorXd half = cholesky.matrixL().solve(y);
  double log_determinant = 0;
  for (Eigen::Index i = 0; i < y.size(); ++i) log_determinant += portable::log(cholesky.matrixLLT()(i, i));
  return -half.squaredNorm() / 2 - log_determinant;
}

void TimeVaryingGp::fit() {
  const std::size_t n = std::min(points_.size(), kMostToFit);
  const std::vector<GpPoint> newest(points_.end() - static_cast<std::ptrdiff_t>(n), points_.end());
  const Eigen::VectorXd y = y_.tail(static_cast<Eigen::Index>(n));
  double best = likelihood(law_, newest, y);
  const auto improve = [&](double Law::*part, const auto& grid) {
    for (const double value : grid) {
      Law law = law_;
      law.*part = value;
      law.log_keep = portable::log(1 - law.forgetting);
      const double found = likelihood(law, newest, y);
      if (found > best) best = found, law_ = law;
    }
  };
  for (int sweep = 0; sweep < 2; ++sweep) {
    improve(&Law::length, kLengths);
    improve(&Law::forgetting, kForgetting);
    improve(&Law::noise, kNoise);
  }
}

TimeVaryingGp::Prediction TimeVaryingGp::predict(const GpPoint& point) const {
  Eigen::VectorXd k(static_cast<Eigen::Index>(all_.size()));
  for (std::size_t i = 0; i < all_.size(); ++i) k(static_cast<Eigen::Index>(i)) = kernel(law_, point, all_[i]);
  const double mean = k.head(weights_.size()).dot(weights_);
  const double explained = lower_.triangularView<Eigen::Lower>().solve(k).squaredNorm();
  return {mean, std::sqrt(std::max(0.0, 1 - explained))};
}

}  // namespace tune
