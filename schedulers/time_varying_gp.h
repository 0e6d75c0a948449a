#pragma once

// A Gaussian process over (time, point of the unit cube) whose past fades: the model of PB2.
//
//   k((t,x), (t',x')) = exp(-|x-x'|^2 / (2 l^2)) * (1-w)^(|t-t'|/2),   observations with noise s^2
//
// Bogunovic, Scarlett, Cevher, "Time-Varying Gaussian Process Bandit Optimization", AISTATS 2016. l, w and s^2 are
// chosen by the marginal likelihood of the newest rows, by coordinates over fixed grids: the same on every machine, and
// bounded. Points whose values are still to come extend the factorisation; nothing is fitted again for them.

#include <Eigen/Dense>
#include <vector>

namespace tune {

struct GpPoint {
  double t = 0;           ///< in intervals
  std::vector<double> x;  ///< in the unit cube

  friend bool operator==(const GpPoint&, const GpPoint&) = default;
};

class TimeVaryingGp {
 public:
  /// Fits. `y` are standardised here. Requires: as many values as points, at least one.
  TimeVaryingGp(std::vector<GpPoint> points, const std::vector<double>& y);

  /// From now on these points, and no others, count for the deviation and not for the mean: their values are to come.
  void set_pending(const std::vector<GpPoint>& pending);

  struct Prediction {
    double mean = 0, deviation = 0;  ///< in standardised units
  };
  Prediction predict(const GpPoint& point) const;

  /// Which of the candidates at time t has the largest mean + kappa * deviation; the first of equals. Requires: kappa
  /// above 0, at least one candidate.
  std::size_t best(double t, const std::vector<std::vector<double>>& candidates, double kappa) const;

 private:
  struct Law {
    double length = 0.2, forgetting = 0.1, noise = 0.01;
  };
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  void fit();
  /// Appends a row to the factor, for one more point.
  void extend(const GpPoint& point);
  /// `log_keep`: ln(1 - forgetting).
  double covariance(const GpPoint& a, const GpPoint& b, double log_keep) const;
  /// Of the point with each of all_.
  Eigen::VectorXd covariances(const GpPoint& point) const;
  /// 1 - deviation^2, or any lower bound of it that is above `enough`.
  double explained(const Eigen::VectorXd& k, double enough) const;

  Law law_;
  std::vector<GpPoint> all_;  // newest first, so that little need be looked at to bound a deviation; pending ones last
  Eigen::Index observed_ = 0;  // of all_, those with a value
  Eigen::VectorXd y_, weights_;  // weights_: covariance^-1 y
  Matrix lower_;                 // Cholesky factor of the covariance of all_
};

}  // namespace tune
