#include "searchspaces/samplers/trial_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tune {
namespace {

constexpr std::int64_t kEndless = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxCheckedCells = 1'000'000;

/// Whether `config` is what `point` asks for; what is inactive in it, the point asks for in vain.
bool agrees(const Config& config, const Config& point) {
  return std::all_of(point.entries.begin(), point.entries.end(), [&](const auto& entry) {
    const Value* value = config.find(entry.first);
    return value == nullptr || *value == entry.second;
  });
}

}  // namespace

std::optional<Value> only_value(const Domain& domain) {
  if (const auto* constant = std::get_if<Constant>(&domain)) return constant->value;
  const bool range = std::holds_alternative<Uniform>(domain) || std::holds_alternative<LogUniform>(domain);
  return range && !is_continuous(domain) ? std::optional(UnitMap(domain).value(0)) : std::nullopt;
}

Result<TrialPlan> TrialPlan::build(const Space& space, const std::vector<std::size_t>& dimensions,
                                   const std::vector<Config>& points, bool repeats) {
  TrialPlan plan(space);
  const std::vector<bool> fixed = plan.determined(dimensions, Config{});
  plan.finite_ = !space.parameters().empty() && std::all_of(fixed.begin(), fixed.end(), [](bool is) { return is; });
  plan.anything_set_ = !dimensions.empty() || !points.empty();
  for (const Config& point : points) {
    if (auto added = plan.add_stage(dimensions, point, {}); !added) return pass_on(std::move(added));
  }
  if (auto added = plan.add_stage(dimensions, Config{}, points); !added) return pass_on(std::move(added));
  plan.ends_ = plan.finite_ && (!repeats || plan.stages_.back().length() == 0);
  return plan;
}

Result<void> TrialPlan::add_stage(const std::vector<std::size_t>& dimensions, Config given,
                                  const std::vector<Config>& earlier) {
  std::vector<std::size_t> open;
  for (const std::size_t dimension : dimensions) {
    if (!given.find(space_->parameters()[dimension].path)) open.push_back(dimension);
  }
  auto cells = GridCells::build(*space_, open, given);
  if (!cells) return pass_on(std::move(cells));
  Stage stage{std::move(given), *std::move(cells), true, {}, 0};
  if (!stages_.empty()) {
    const Stage& before = stages_.back();
    if (__builtin_add_overflow(before.start, before.length(), &stage.start)) stage.start = kEndless;
  }
  const std::vector<bool> follows = determined(open, stage.given);
  if (auto admitted = admit_cells(stage, follows, earlier); !admitted) return admitted;
  stages_.push_back(std::move(stage));
  return {};
}

std::vector<bool> TrialPlan::determined(const std::vector<std::size_t>& dimensions, const Config& given) const {
  const std::vector<Parameter>& parameters = space_->parameters();
  std::vector<bool> out(parameters.size());
  for (const std::size_t i : space_->order()) {
    const Parameter& parameter = parameters[i];
    const auto index = [&](const std::string& path) {
      return static_cast<std::size_t>(space_->find(path) - parameters.data());
    };
    const bool activity = std::all_of(parameter.conditions.begin(), parameter.conditions.end(),
                                      [&](const Condition& condition) { return out[index(condition.path)]; });
    bool value = false;
    if (std::holds_alternative<Derived>(parameter.domain)) {
      const std::vector<std::size_t> inputs = space_->inputs(i);
      value = std::all_of(inputs.begin(), inputs.end(), [&](std::size_t input) { return out[input]; });
    } else {
      value = only_value(parameter.domain) || given.find(parameter.path) ||
              std::find(dimensions.begin(), dimensions.end(), i) != dimensions.end();
    }
    out[i] = activity && value;
  }
  return out;
}

Result<void> TrialPlan::admit_cells(Stage& stage, const std::vector<bool>& determined,
                                    const std::vector<Config>& earlier) const {
  bool checks = false;  // some constraint can be decided for a cell
  for (std::size_t i = 0; i < space_->constraints().size(); ++i) {
    const std::vector<std::size_t> inputs = space_->constraint_inputs(i);
    checks = checks || std::all_of(inputs.begin(), inputs.end(), [&](std::size_t input) { return determined[input]; });
  }
  const bool skips = finite_ && !earlier.empty();
  if (!checks && !skips) return {};
  const std::int64_t count = stage.cells.count();
  if (count > kMaxCheckedCells) {
    if (!checks) return {};  // a cell that was a point already comes again: no harm among so many
    return fail(ErrorCode::kBadInput,
                fmt::format("the grid has {} cells, too many to hold each against the constraints (at most {})", count,
                            kMaxCheckedCells),
                "choice instead of grid_search draws its values");
  }
  std::vector<std::int64_t> admitted;
  std::vector<std::int64_t> rejected(space_->constraints().size());
  std::int64_t covered = 0;
  for (std::int64_t cell = 0; cell < count; ++cell) {
    Config config = determined_part(values_of(stage, cell), determined);
    if (auto derived = space_->derive(config); !derived) return derived;
    auto violated = space_->violated(config);
    if (!violated) return pass_on(std::move(violated));
    if (*violated) {
      ++rejected[**violated];
    } else if (skips && std::any_of(earlier.begin(), earlier.end(),
                                    [&](const Config& point) { return agrees(config, point); })) {
      ++covered;
    } else {
      admitted.push_back(cell);
    }
  }
  if (admitted.empty() && covered == 0) return fail(ErrorCode::kBadInput, no_room(stage, rejected, count));
  stage.all_cells = static_cast<std::int64_t>(admitted.size()) == count;
  if (!stage.all_cells) stage.admitted = std::move(admitted);
  return {};
}

std::vector<std::optional<Value>> TrialPlan::values_of(const Stage& stage, std::int64_t cell) const {
  std::vector<std::optional<Value>> values(space_->parameters().size());
  for (const GridCells::Digit& digit : stage.cells.at(cell)) values[digit.parameter] = stage.cells.value(digit);
  for (const auto& [path, value] : stage.given.entries) {
    if (const Parameter* parameter = space_->find(path)) {
      values[static_cast<std::size_t>(parameter - space_->parameters().data())] = value;
    }
  }
  return values;
}

Config TrialPlan::determined_part(const std::vector<std::optional<Value>>& values,
                                  const std::vector<bool>& determined) const {
  Config config;
  for (const std::size_t i : space_->order()) {
    const Parameter& parameter = space_->parameters()[i];
    if (!determined[i] || std::holds_alternative<Derived>(parameter.domain) || !space_->is_active(parameter, config))
      continue;
    config.entries.emplace_back(parameter.path,
                                values[i] ? *values[i] : only_value(parameter.domain).value_or(Value()));
  }
  return config;
}

std::string TrialPlan::no_room(const Stage& stage, const std::vector<std::int64_t>& rejected,
                               std::int64_t count) const {
  const auto most = std::max_element(rejected.begin(), rejected.end());
  const std::string& constraint = space_->constraints()[static_cast<std::size_t>(most - rejected.begin())];
  if (!stage.given.entries.empty())
    return fmt::format("point to evaluate {} violates '{}'", stages_.size() + 1, constraint);
  return fmt::format("constraints leave no room; '{}' rejected {} of {} grid cells", constraint, *most, count);
}

std::optional<TrialPlan::Place> TrialPlan::at(std::int64_t trial) const {
  const auto after = std::upper_bound(stages_.begin(), stages_.end(), trial,
                                      [](std::int64_t number, const Stage& stage) { return number < stage.start; });
  const Stage& stage = *std::prev(after);
  const bool search = after == stages_.end();
  Place place;
  place.cells = stage.length();
  const std::int64_t offset = trial - stage.start;
  if (search && ends_ && offset >= place.cells) return std::nullopt;
  if (!search) place.point = std::prev(after) - stages_.begin();
  place.cell = offset % place.cells;
  place.round = offset / place.cells;
  if (anything_set_)
    place.values =
        values_of(stage, stage.all_cells ? place.cell : stage.admitted[static_cast<std::size_t>(place.cell)]);
  return place;
}

std::optional<std::int64_t> TrialPlan::size() const {
  if (!ends_) return std::nullopt;
  std::int64_t size = 0;
  return __builtin_add_overflow(stages_.back().start, stages_.back().length(), &size) ? kEndless : size;
}

}  // namespace tune
