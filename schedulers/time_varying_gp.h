#pragma once

// A Gaussian process over (time, point of the unit cube) whose past fades: the model of PB2.
//
//   k((t,x), (t',x')) = exp(-|x-x'|^2 / (2 l^2)) * (1-w)^(|t-t'|/2),   observations with noise s^2
//
// Bogunovic, Scarlett, Cevher, "Time-Varying Gaussian Process Bandit Optimization", AISTATS 2016. l, w and s^2 are
// chosen by the marginal likelihood of the newest rows, by coordinates over fixed grids: the same on every machine, and
// bounded.

#include <Eigen/Dense>
#include <vector>

namespace tune {

struct GpPoint {
  double t = 0;           ///< in intervals
  std::vector<double> x;  ///< in the unit cube
};

class TimeVaryingGp {
 public:
  /// `y` are standardised here. Requires: as many values as points, at least one.
  TimeVaryingGp(std::vector<GpPoint> points, const std::vector<double>& y);

  /// Also counts these points for the deviation, not for the mean: their values are still to come.
  void add_pending(const std::vector<GpPoint>& pending);

  struct Prediction {
    double mean = 0, deviation = 0;  ///< in standardised units
  };
  Prediction predict(const GpPoint& point) const;

 private:
  struct Law {
    double length = 0.2, forgetting = 0.1, noise = 0.01;
    double log_keep = 0;  ///< ln(1 - forgetting)
  };
  static double kernel(const Law& law, const GpPoint& a, const GpPoint& b);
  static Eigen::MatrixXd covariance(const Law& law, const std::vector<GpPoint>& points);
  static double likelihood(const Law& law, const std::vector<GpPoint>& points, const Eigen::VectorXd& y);
  void fit();

  std::vector<GpPoint> points_, all_;  // all_: with the pending ones
  Eigen::VectorXd y_, weights_;        // weights_: covariance^-1 y
  Law law_;
  Eigen::MatrixXd lower_;  // Cholesky factor over all_
};

}  // namespace tune
