// Grid search: the full product of all discrete parameters, each cell once, the last parameter of the file fastest. Ray
// Tune has it only as grid_search, parameter by parameter; here every choice, integer and stepped range takes part too,
// and weights play no role. Cells are reached by mixed-radix division and never listed. A point to evaluate puts the
// cells that agree with it first.

#include <fmt/format.h>

#include "searchspaces/samplers/space_sampler.h"

namespace tune {
namespace {

class GridSampler final : public SpaceSampler {
 public:
  using SpaceSampler::SpaceSampler;

  std::string_view name() const override { return "grid"; }
  int rules() const override { return 1; }

 protected:
  /// Of a grid nothing is left to draw.
  Value draw(std::size_t parameter, const Draw&) const override { return map(parameter).value(0); }
  std::string origin(std::int64_t, const TrialPlan::Place& place) const override { return cell_text(place); }
  std::string replacement() const override { return "taken again"; }
};

}  // namespace

Result<std::unique_ptr<Sampler>> make_grid_sampler(const SamplerContext& context) {
  std::vector<std::size_t> dimensions;
  const std::vector<Parameter>& parameters = context.space->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Domain& domain = parameters[i].domain;
    if (std::holds_alternative<Derived>(domain) || only_value(domain)) continue;
    if (is_continuous(domain) || is_unbounded(domain)) {
      return fail(ErrorCode::kBadInput,
                  fmt::format("'{}' is {}, which algorithm grid cannot take", parameters[i].path,
                              is_unbounded(domain) ? "unbounded" : "continuous"),
                  "give it steps, such as quniform, or list values in a choice");
    }
    dimensions.push_back(i);
  }
  auto plan = TrialPlan::build(*context.space, dimensions, context.points_to_evaluate);
  if (!plan) return pass_on(std::move(plan));
  return std::make_unique<GridSampler>(context, *std::move(plan));
}

}  // namespace tune
