// The formulas of the problems; see trainables/builtin for where they come from.

#include "tests/bench/quality/curves.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>

#include "core/portable_math.h"
#include "core/rng.h"
#include "trainables/builtin/functions.h"
#include "trainables/builtin/lcbench_net.h"

namespace tune::quality {
namespace {

Parameter parameter(std::string path, Domain domain) {
  Parameter made;
  made.path = std::move(path);
  made.domain = std::move(domain);
  return made;
}

double number(const Config& config, const std::string& name) { return *config.find(name)->number(); }

std::vector<double> unit_cube(const Config& config, int dimensions) {
  std::vector<double> x;
  for (int i = 1; i <= dimensions; ++i) x.push_back(number(config, "x" + std::to_string(i)));
  return x;
}

/// Normalised regret of the best accuracy seen at any epoch: 0 is the best known, 1 the median of random configurations
/// trained in full.
class LcbenchProblem final : public Problem {
 public:
  LcbenchProblem(std::string task, LcbenchNet net, double best, double median)
      : task_(std::move(task)), net_(std::move(net)), best_(best), median_(median) {}

  std::string metric() const override { return "val_accuracy"; }
  Mode mode() const override { return Mode::kMax; }
  Step last() const override { return 52; }
  std::int64_t workers() const override { return 4; }
  std::vector<double> budgets() const override { return {20, 50, 100, 200}; }
  std::vector<Parameter> parameters() const override {
    return {parameter("batch_size", LogRandInt{16, 513}), parameter("learning_rate", LogUniform{1e-4, 1e-1}),
            parameter("momentum", Uniform{0.1, 0.99}),    parameter("weight_decay", Uniform{1e-5, 1e-1}),
            parameter("num_layers", RandInt{1, 6}),       parameter("max_units", LogRandInt{64, 1025}),
            parameter("max_dropout", Uniform{0, 1})};
  }
  std::vector<double> reports(const Config& config, Step first, std::uint64_t, TrialId) const override {
    std::array<LcbenchNet::Point, 8> points;
    net_.evaluate(task_,
                  {number(config, "batch_size"), number(config, "learning_rate"), number(config, "momentum"),
                   number(config, "weight_decay"), number(config, "num_layers"), number(config, "max_units"),
                   number(config, "max_dropout")},
                  first, points);
    std::vector<double> values;
    for (const auto& point : points) values.push_back(point.accuracy);
    return values;
  }
  std::optional<double> regret(const Config&, Step, double value) const override {
    return (best_ - value) / (best_ - median_);
  }
  double worst() const override { return 100; }

 private:
  std::string task_;
  LcbenchNet net_;
  double best_, median_;
};

/// True regret of the best configuration that was trained in full.
class MfHartmann6Problem final : public Problem {
 public:
  MfHartmann6Problem(double bias, double noise) : bias_(bias), noise_(noise) {}

  Step last() const override { return 81; }
  std::int64_t workers() const override { return 8; }
  std::vector<double> budgets() const override { return {16, 40, 80, 160, 320}; }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> cube;
    for (int i = 1; i <= 6; ++i) cube.push_back(parameter("x" + std::to_string(i), Uniform{0, 1}));
    return cube;
  }
  double cost(Step step) const override {
    const auto z = static_cast<double>(step) / static_cast<double>(last());
    const auto before = static_cast<double>(step - 1) / static_cast<double>(last());
    return 0.95 * (z * z - before * before) + (step == 1 ? 0.05 : 0);
  }
  std::vector<double> reports(const Config& config, Step first, std::uint64_t, TrialId) const override {
    const std::vector<double> x = unit_cube(config, 6);
    std::uint64_t key = 0;
    for (const double v : x) key = stable_hash(key, std::to_string(std::bit_cast<std::uint64_t>(v)));
    const double u = portable::log(static_cast<double>(first)) / portable::log(static_cast<double>(last()));
    const double noise = std::abs(RandomStream(key, "noise", first).normal()) * noise_ * (1 - u);
    return {functions::hartmann6(x, bias_ * (1 - u)) + noise};
  }
  std::optional<double> regret(const Config& config, Step step, double) const override {
    if (step < last()) return std::nullopt;
    return functions::hartmann6(unit_cube(config, 6)) - kMinimum;
  }
  double worst() const override { return -kMinimum; }  // it is below 0 everywhere

 private:
  static constexpr double kMinimum = -3.3223680114;
  double bias_, noise_;
};

/// Regret of the best value at the end, of what was trained in full.
class FamilyProblem final : public Problem {
 public:
  enum class Family { kOrdered, kCrossing, kNoisy };
  explicit FamilyProblem(Family family) : family_(family) {}

  Step last() const override { return 100; }
  std::int64_t workers() const override { return 4; }
  std::vector<double> budgets() const override { return {20, 50, 100, 200}; }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> made;
    for (const char* name : {"x1", "x2", "x3"}) made.push_back(parameter(name, Uniform{0, 1}));
    if (family_ == Family::kCrossing) made.push_back(parameter("v", Uniform{0, 1}));
    return made;
  }
  std::vector<double> reports(const Config& config, Step first, std::uint64_t seed, TrialId trial) const override {
    const double f = functions::hartmann3(unit_cube(config, 3)), t = static_cast<double>(first);
    if (family_ == Family::kCrossing) {
      const double v = number(config, "v");
      return {f - 0.5 * v * kMinimum + 5 * portable::pow(t, -(0.2 + 0.8 * v))};
    }
    const double noise =
        family_ == Family::kNoisy ? 0.2 * RandomStream(seed, "noise", trial.value, std::to_string(first)).normal() : 0;
    return {f + (5 + noise) / std::sqrt(t)};
  }
  std::optional<double> regret(const Config& config, Step step, double value) const override {
    if (step < last()) return std::nullopt;
    // Where the end itself is noisy, by the value without the noise.
    return (family_ == Family::kCrossing ? value - 5 * portable::pow(100, -(0.2 + 0.8 * number(config, "v")))
                                         : functions::hartmann3(unit_cube(config, 3))) -
           kMinimum;
  }
  double worst() const override { return -kMinimum; }

 private:
  static constexpr double kMinimum = -3.8627797873;
  Family family_;
};

}  // namespace

double Problem::full_cost() const {
  double cost = 0;
  for (Step step = 1; step <= last(); ++step) cost += this->cost(step);
  return cost;
}

std::unique_ptr<Problem> make_problem(const std::vector<std::string>& words) {
  const std::string kind = words.empty() ? "" : words[0];
  if (kind == "lcbench" && words.size() == 5) {
    auto net = LcbenchNet::read(words[2]);
    if (!net || !net->has_task(words[1])) return nullptr;
    return std::make_unique<LcbenchProblem>(words[1], *std::move(net), std::stod(words[3]), std::stod(words[4]));
  }
  if (kind == "mf_hartmann6" && words.size() == 3) {
    return std::make_unique<MfHartmann6Problem>(std::stod(words[1]), std::stod(words[2]));
  }
  if (kind == "ordered") return std::make_unique<FamilyProblem>(FamilyProblem::Family::kOrdered);
  if (kind == "crossing") return std::make_unique<FamilyProblem>(FamilyProblem::Family::kCrossing);
  if (kind == "noisy") return std::make_unique<FamilyProblem>(FamilyProblem::Family::kNoisy);
  return nullptr;
}

}  // namespace tune::quality
