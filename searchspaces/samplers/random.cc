// Random search: independent draws from each parameter's law (Bergstra and Bengio, "Random search for hyper-parameter
// optimization", JMLR 13, 2012), crossed with the cells of the grids, as Ray Tune's BasicVariantGenerator does.
//
// Where it differs from Ray: draws come from a stream of (seed, trial, parameter path), so that a further parameter
// moves no other and a resumed run draws the same; trial i takes cell i mod G and every cell draws anew; cells go in
// file order, the last parameter fastest (Ray: sorted keys, the first fastest); masses as in searchspaces/domain.h. A
// finite space may give a configuration twice; one of grids and constants alone ends when it is used up, and begins
// again where the budget says how many trials are wanted (Ray: num_samples rounds).

#include "searchspaces/samplers/space_sampler.h"

namespace tune {
namespace {

class RandomSampler final : public SpaceSampler {
 public:
  RandomSampler(const SamplerContext& context, const TrialPlan& plan)
      : SpaceSampler(context, plan),
        hold_(context.options.boolean("constant_grid_search")),
        begins_again_(plan.begins_again()) {}

  std::string_view name() const override { return "random"; }
  /// 2: a used-up space begins again.
  int rules() const override { return begins_again_ ? 2 : 1; }

 protected:
  /// With constant_grid_search the values are those of the round, held over its cells; one that a constraint rejects in
  /// some cell is drawn anew for this trial alone.
  Value draw(std::size_t parameter, const Draw& draw) const override {
    if (hold_ && draw.attempt == 0) return draw_at_random(parameter, "hold", draw.round, 0);
    return draw_at_random(parameter, "suggest", draw.trial, draw.attempt);
  }

  std::string origin(std::int64_t, const TrialPlan::Place& place) const override {
    return place.cells == 1 ? "random" : "random, " + cell_text(place);
  }

  std::string replacement() const override { return "drawn again"; }

 private:
  bool hold_, begins_again_;
};

}  // namespace

Result<std::unique_ptr<Sampler>> make_random_sampler(const SamplerContext& context) {
  auto plan =
      TrialPlan::build(*context.space, grid_dimensions(*context.space), context.points_to_evaluate, context.repeats);
  if (!plan) return pass_on(std::move(plan));
  return std::make_unique<RandomSampler>(context, *plan);
}

}  // namespace tune
