// Quasi-random search: the Sobol sequence (I. M. Sobol', 1967) with the direction numbers of S. Joe and F. Y. Kuo
// ("Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30, 2008:
// new-joe-kuo-6.21201), from Boost.Random, in Gray-code order. Trial i takes point i + 1: Boost leaves out the origin.
// `scramble` shifts every coordinate digitally (exclusive or with 64 bits of the seed), which keeps each binary
// interval as evenly filled as it was. One coordinate a parameter, categories and integers included; inactive ones are
// drawn and dropped. A point that violates a constraint is replaced by random draws. Ray Tune has no Sobol search of
// its own.

#include <fmt/format.h>

#include <algorithm>
#include <boost/random/sobol.hpp>
#include <stdexcept>

#include "searchspaces/samplers/space_sampler.h"

namespace tune {
namespace {

constexpr std::size_t kMostDimensions = 3667;  // of the table of direction numbers

class SobolSampler final : public SpaceSampler {
 public:
  /// `dimensions`: the parameters with a coordinate, in file order.
  SobolSampler(const SamplerContext& context, TrialPlan plan, const std::vector<std::size_t>& dimensions)
      : SpaceSampler(context, std::move(plan)),
        coordinate_of_(context.space->parameters().size()),
        engine_(std::max<std::size_t>(dimensions.size(), 1)) {
    const bool scramble = context.options.boolean("scramble");
    for (const std::size_t parameter : dimensions) {
      coordinate_of_[parameter] = shifts_.size();
      RandomStream stream(context.seed, "sobol", 0, context.space->parameters()[parameter].path);
      shifts_.push_back(scramble ? stream.next() : 0);
    }
    point_.resize(shifts_.size());
  }

  std::string_view name() const override { return "sobol"; }
  int rules() const override { return 1; }

 protected:
  Value draw(std::size_t parameter, const Draw& draw) const override {
    if (draw.attempt > 0) return draw_at_random(parameter, "suggest", draw.trial, draw.attempt);
    if (current_ != draw.trial) compute_point(draw.trial);
    return map(parameter).at(point_[coordinate_of_[parameter]]);
  }

  std::string origin(std::int64_t trial, const TrialPlan::Place&) const override {
    return fmt::format("sobol point {}", trial + 1);
  }
  std::string replacement() const override { return "drawn at random instead"; }

 private:
  void compute_point(std::int64_t trial) const {
    // The next point costs one step; any other is reached through the Gray code of its number, in O(log n).
    if (trial != current_ + 1) engine_.seed(static_cast<std::uint64_t>(trial));
    for (std::size_t i = 0; i < point_.size(); ++i) {
      point_[i] = static_cast<double>((engine_() ^ shifts_[i]) >> 11) * 0x1p-53;
    }
    current_ = trial;
  }

  std::vector<std::size_t> coordinate_of_;  // by parameter
  std::vector<std::uint64_t> shifts_;
  // A cache: what it holds changes no answer.
  mutable boost::random::sobol engine_;  // of one dimension at least, used or not
  mutable std::int64_t current_ = -1;
  mutable std::vector<double> point_;
};

}  // namespace

Result<std::unique_ptr<Sampler>> make_sobol_sampler(const SamplerContext& context) {
  std::vector<std::size_t> dimensions;
  const std::vector<Parameter>& parameters = context.space->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Domain& domain = parameters[i].domain;
    if (std::holds_alternative<GridSearch>(domain)) {
      return fail(ErrorCode::kBadInput,
                  fmt::format("'{}' is a grid_search, which algorithm sobol cannot take", parameters[i].path),
                  "write choice: [...]");
    }
    if (!std::holds_alternative<Derived>(domain) && cardinality(domain) != 1) dimensions.push_back(i);
  }
  if (dimensions.size() > kMostDimensions) {
    return fail(ErrorCode::kBadInput,
                fmt::format("the space has {} parameters; algorithm sobol takes at most {}", dimensions.size(),
                            kMostDimensions),
                "use random");
  }
  auto plan = TrialPlan::build(*context.space, {}, context.points_to_evaluate);
  if (!plan) return pass_on(std::move(plan));
  try {
    return std::make_unique<SobolSampler>(context, *std::move(plan), dimensions);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInternal, fmt::format("the Sobol engine cannot be set up: {}", error.what()));
  }
}

}  // namespace tune
