#pragma once

// A Gaussian process over (time, point of the unit cube) whose past fades: the model of PB2.
//
//   k((t,x), (t',x')) = exp(-|x-x'|^2 / (2 l^2)) * (1-w)^(|t-t'|/2),   observations with noise s^2
//
// Bogunovic, Scarlett, Cevher, "Time-Varying Gaussian Process Bandit Optimization", AISTATS 2016. l, w and s^2 are
// chosen by the marginal likelihood of the newest rows, by coordinates over fixed grids: the same on every machine, and
// bounded. Points whose values are still to come extend the factorisation; nothing is fitted again for them. Several
// searches of one fit share most of their candidates, and what these have to do with the known points.

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
  /// Fits. `y` are standardised here; `candidates`: points of the cube that every search looks at. Requires: as many
  /// values as points, at least one.
  TimeVaryingGp(std::vector<GpPoint> points, const std::vector<double>& y,
                std::vector<std::vector<double>> candidates = {});

  /// From now on these points, and no others, count for the deviation and not for the mean: their values are to come.
  void set_pending(const std::vector<GpPoint>& pending);

  struct Prediction {
    double mean = 0, deviation = 0;  ///< in standardised units
  };
  Prediction predict(const GpPoint& point) const;

  /// Which of the candidates and of `more` at time t has the largest mean + kappa * deviation; the first of equals.
  /// Requires: kappa above 0, at least one candidate.
  const std::vector<double>& best(double t, const std::vector<std::vector<double>>& more, double kappa);

 private:
  struct Law {
    double length = 0.2, forgetting = 0.1, noise = 0.01;
  };

  /// How much of a point's variance the first of all_ explain.
  struct Look {
    std::vector<double> half;  ///< the first elements of factor^-1 k
    double explained = 0;      ///< the sum of their squares
  };

  void fit();
  /// Appends a row to the factor, for one more point.
  void extend(const GpPoint& point);
  /// Of the factor, without what is 0.
  Eigen::Map<const Eigen::VectorXd> row(Eigen::Index i) const { return {lower_.data() + i * (i + 1) / 2, i + 1}; }
  /// One point further, to which the covariance is k.
  void look_further(Look& look, double k) const;
  /// At all of all_, to which the covariances are k.
  Look look_at_all(const Eigen::VectorXd& k) const;
  /// In space, of each of these to the point.
  Eigen::VectorXd nearness(const std::vector<std::vector<double>>& candidates, const GpPoint& point) const;
  /// `log_keep`: ln(1 - forgetting).
  double covariance(const GpPoint& a, const GpPoint& b, double log_keep) const;
  /// Of the point with each of all_.
  Eigen::VectorXd covariances(const GpPoint& point) const;

  Law law_;
  std::vector<GpPoint> all_;   // newest first, so that little need be looked at to bound a deviation; pending ones last
  Eigen::Index observed_ = 0;  // of all_, those with a value
  Eigen::VectorXd y_, weights_;  // weights_: covariance^-1 y
  std::vector<double> lower_;  // Cholesky factor of the covariance of all_, row after row: rows come and go at its end
  std::vector<std::vector<double>> candidates_;
  std::vector<Eigen::VectorXd> near_;  // of the candidates to each of all_
  // At the candidates, by the last search and for its time: donors are often equally old, and then the next one goes
  // on.
  std::vector<Look> looked_;
  double looked_for_ = 0;
};

}  // namespace tune
