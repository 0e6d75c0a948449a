#include "schedulers/pb2.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>

#include "core/json.h"
#include "core/portable_math.h"
#include "core/text.h"
#include "schedulers/explorer.h"
#include "schedulers/pbt.h"
#include "schedulers/tables.h"
#include "schedulers/time_varying_gp.h"

namespace tune {
namespace {

constexpr std::size_t kWindow = 200;
constexpr std::size_t kCandidates = 400;  ///< over the whole cube, the same ones until the next interval is known
constexpr std::size_t kNear = 100;        ///< around the donor's own point
constexpr double kNearness = 0.1;

class Pb2Explorer final : public Explorer {
 public:
  Pb2Explorer(std::vector<Mutation> bounds, const Space& space, double interval)
      : bounds_(std::move(bounds)), space_(&space), interval_(interval) {}

  int rules() const override { return 3; }
  Explored explore(const Config& giver, double t, const ExploreKey& key) const override {
    // A brain that is asked again before anything happened gives the same answer: a fit costs milliseconds.
    if (!asked_ || asked_->trial != key.trial || asked_->generation != key.generation || asked_->giver != giver) {
      asked_ = Asked{key.trial, key.generation, giver, explore_anew(giver, t, key)};
    }
    return asked_->answer;
  }

  Explored explore_anew(const Config& giver, double t, const ExploreKey& key) const {
    const auto from = point_of(giver, t);
    if (rows_.size() < 2 || !from) return perturbed(giver, key);
    const std::vector<double> x = best_point(*from, key);
    Explored out{giver, {}};
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
      const Value value = clamp_to(bounds_[i].home, from_unit(bounds_[i].domain, x[i]));
      out.words += fmt::format("{}{} {} -> {}", out.words.empty() ? "" : ", ", bounds_[i].path,
                               to_json(*giver.find(bounds_[i].path)), to_json(value));
      out.config.set(bounds_[i].path, value);
    }
    const bool fits = settle_config(out.config, *space_, key, "#pb2").has_value();
    const auto violated = space_->violated(out.config);
    if (!fits || !violated || *violated) return perturbed(giver, key);
    out.words += fmt::format(" (model of {} intervals)", rows_.size());
    return out;
  }

  void on_interval(TrialId trial, double from, double to, double gain, const Config& config) override {
    asked_.reset();
    pending_.erase(trial);
    const auto point = point_of(config, to);
    if (!point || !(to > from) || !std::isfinite(gain)) return;
    model_.reset();
    rows_.push_back({*point, gain / (to - from)});
    if (rows_.size() > kWindow) rows_.pop_front();
    ++observed_;
  }
  void on_exploit(TrialId trial, const Config& config, double t) override {
    asked_.reset();
    // Its next report tells about the interval that begins now.
    if (const auto point = point_of(config, t + interval_)) pending_[trial] = {taken_++, *point};
  }
  void on_ended(TrialId trial) override {
    asked_.reset();
    pending_.erase(trial);
  }

 private:
  struct Row {
    GpPoint point;
    double y = 0;
  };

  struct Pending {
    std::int64_t place = 0;
    GpPoint point;
  };

  /// Nothing if one of the parameters is inactive.
  std::optional<GpPoint> point_of(const Config& config, double t) const {
    GpPoint point{t / interval_, {}};
    for (const Mutation& bound : bounds_) {
      const Value* value = config.find(bound.path);
      if (value == nullptr) return std::nullopt;
      point.x.push_back(to_unit(bound.domain, *value));
    }
    return point;
  }

  Explored perturbed(const Config& giver, const ExploreKey& key) const {
    return tune::explore(giver, bounds_, *space_, {0, {1.2, 0.8}}, key);
  }

  std::vector<double> best_point(const GpPoint& from, const ExploreKey& key) const {
    if (!model_) fit(key.seed);
    model_->set_pending(pending_points());

    const double beta = 0.2 + std::max(0.0, portable::log(0.4 * static_cast<double>(observed_)));
    RandomStream random(key.seed, "pb2", key.trial.value, std::to_string(key.generation));
    std::vector<std::vector<double>> near(kNear, from.x);
    for (auto& candidate : near) {
      for (double& x : candidate) {
        x = std::clamp(x + kNearness * (2 * random.uniform() - 1), 0.0, std::nextafter(1.0, 0.0));
      }
    }
    return model_->best(from.t + 1, near, std::sqrt(beta));
  }

  /// In the order in which they were taken over, so that the model has all but the last ones already.
  std::vector<GpPoint> pending_points() const {
    std::vector<const Pending*> pending;
    for (const auto& [trial, one] : pending_) pending.push_back(&one);
    std::ranges::sort(pending, {}, [](const Pending* one) { return one->place; });
    std::vector<GpPoint> points;
    for (const Pending* one : pending) points.push_back(one->point);
    return points;
  }

  void fit(std::uint64_t seed) const {
    std::vector<GpPoint> points;
    std::vector<double> y;
    for (const Row& row : rows_) points.push_back(row.point), y.push_back(row.y);
    RandomStream random(seed, "pb2 candidates", observed_);
    std::vector<std::vector<double>> candidates(kCandidates, std::vector<double>(bounds_.size()));
    for (auto& candidate : candidates) {
      for (double& x : candidate) x = random.uniform();
    }
    model_.emplace(std::move(points), y, std::move(candidates));
  }

  struct Asked {
    TrialId trial;
    std::int64_t generation = 0;
    Config giver;
    Explored answer;
  };

  std::vector<Mutation> bounds_;
  const Space* space_;
  double interval_;
  mutable std::optional<Asked> asked_;          ///< the last answer, until the next fold
  mutable std::optional<TimeVaryingGp> model_;  ///< of rows_, until there is another
  std::deque<Row> rows_;                        ///< newest last
  std::int64_t observed_ = 0;                   ///< in all
  std::int64_t taken_ = 0;                      ///< configurations taken over, in all
  std::map<TrialId, Pending> pending_;          ///< taken over, nothing reported yet
};

/// Ray's `name: [min, max]` as a distribution of the same shape as the parameter's own.
Result<Value> as_mutations(const Value& bounds, const Space& space) {
  if (!bounds.is_map()) return bounds;
  Map out;
  for (const auto& [path, ends] : bounds.map()) {
    const bool is_pair =
        ends.is_list() && ends.list().size() == 2 && ends.list()[0].is_number() && ends.list()[1].is_number();
    if (!is_pair) {
      return fail(ErrorCode::kBadInput, fmt::format("hyperparam_bounds.{}: {} is no [min, max]", path, to_json(ends)));
    }
    const Parameter* parameter = space.find(path);
    if (parameter == nullptr) {
      out.emplace_back(path, Value());
      continue;
    }
    const auto& domain = parameter->domain;
    const bool in_log = std::holds_alternative<LogUniform>(domain) || std::holds_alternative<QLogUniform>(domain) ||
                        std::holds_alternative<LogRandInt>(domain) || std::holds_alternative<QLogRandInt>(domain);
    out.emplace_back(path, Map{{in_log ? "loguniform" : "uniform", ends}});
  }
  return Value(std::move(out));
}

}  // namespace

AlgorithmInfo pb2_info() {
  AlgorithmInfo info;
  info.name = "pb2";
  info.help = "Population based training whose changes come from a time-varying bandit.";
  info.options = tables::population();
  info.options.push_back(
      tables::required("hyperparam_bounds", "Numeric parameters that change in training: names, or name: [min, max]."));
  info.capabilities.needs_checkpoints = true;
  info.check = check_population;
  return info;
}

Result<std::unique_ptr<Scheduler>> make_pb2(const SchedulerContext& context) {
  const auto fault = [](const Error& error) { return fail(error.code, "scheduler pb2: " + error.message, error.hint); };
  const Value* given = context.options.find("hyperparam_bounds");
  auto mutations = as_mutations(given == nullptr ? Value() : *given, *context.space);
  if (!mutations) return fault(mutations.error());
  auto bounds = read_mutations("hyperparam_bounds", *mutations, *context.space, context.notes);
  if (!bounds) return fault(bounds.error());
  for (const Mutation& bound : *bounds) {
    const bool is_list = std::holds_alternative<Choice>(bound.home) || std::holds_alternative<GridSearch>(bound.home);
    if (!is_list) continue;
    return fault({ErrorCode::kBadInput,
                  fmt::format("pb2 sets numeric parameters; '{}' is a {}", bound.path, domain_name(bound.home)),
                  {}});
  }
  const double interval = context.options.real("perturbation_interval");
  return make_population_based("pb2", context,
                               std::make_unique<Pb2Explorer>(*std::move(bounds), *context.space, interval));
}

}  // namespace tune
