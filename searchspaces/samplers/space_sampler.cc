#include "searchspaces/samplers/space_sampler.h"

#include <fmt/format.h>

#include <algorithm>

namespace tune {
namespace {

constexpr std::uint64_t kMaxRejections = 1000;

}  // namespace

SpaceSampler::SpaceSampler(const SamplerContext& context, TrialPlan plan)
    : space_(context.space), seed_(context.seed), plan_(std::move(plan)) {
  for (const Parameter& parameter : space_->parameters()) maps_.emplace_back(parameter.domain);
  std::vector<std::size_t> sequence, derived;
  for (const std::size_t i : space_->order()) {
    (std::holds_alternative<Derived>(space_->parameters()[i].domain) ? derived : sequence).push_back(i);
  }
  sequence.insert(sequence.end(), derived.begin(), derived.end());
  reorder_ = !std::is_sorted(sequence.begin(), sequence.end());
}

Value SpaceSampler::draw_at_random(std::size_t parameter, std::string_view purpose, std::int64_t number,
                                   std::uint64_t attempt) const {
  RandomStream stream(seed_, purpose, number, space_->parameters()[parameter].path);
  stream.seek(attempt << 32);
  return maps_[parameter].draw(stream);
}

Result<Config> SpaceSampler::assemble(const std::vector<std::optional<Value>>& values, const Draws& draw) const {
  const std::vector<Parameter>& parameters = space_->parameters();
  Config config;
  config.entries.reserve(parameters.size());
  for (const std::size_t i : space_->order()) {
    const Parameter& parameter = parameters[i];
    if (std::holds_alternative<Derived>(parameter.domain) || !space_->is_active(parameter, config)) continue;
    if (!values.empty() && values[i]) {
      config.entries.emplace_back(parameter.path, *values[i]);
    } else if (maps_[i].count() == 1) {
      config.entries.emplace_back(parameter.path, maps_[i].value(0));
    } else {
      config.entries.emplace_back(parameter.path, draw(i));
    }
  }
  if (auto derived = space_->derive(config); !derived) return pass_on(std::move(derived));
  return reorder_ ? space_->in_file_order(config) : std::move(config);
}

Result<Suggestion> SpaceSampler::suggest(TrialId trial) const {
  const auto place = plan_.at(trial.value);
  if (!place)
    return Suggestion{std::nullopt, fmt::format("all {} configurations are proposed", plan_.size().value_or(0))};
  Draw at;
  at.trial = trial.value;
  at.round = place->point >= 0 ? place->point : plan_.points() + place->round;
  std::vector<std::uint64_t> rejected(space_->constraints().size());
  std::size_t last = 0;
  for (; at.attempt < kMaxRejections; ++at.attempt) {
    auto config = assemble(place->values, [&](std::size_t parameter) { return draw(parameter, at); });
    if (!config) return pass_on(std::move(config));
    auto violated = space_->violated(*config);
    if (!violated) return pass_on(std::move(violated));
    if (!*violated) return Suggestion{*std::move(config), reason(trial.value, *place, at.attempt, last)};
    last = **violated;
    ++rejected[last];
  }
  const auto most = std::max_element(rejected.begin(), rejected.end());
  return fail(
      ErrorCode::kBadInput,
      fmt::format("constraints leave no room; '{}' rejected {} of {}",
                  space_->constraints()[static_cast<std::size_t>(most - rejected.begin())], *most, kMaxRejections),
      "loosen the constraint, or narrow the ranges to where it can hold");
}

Suggestion SpaceSampler::complete(TrialId trial, const Config& given) const {
  const std::vector<Parameter>& parameters = space_->parameters();
  std::vector<std::optional<Value>> values(parameters.size());
  bool draws = false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (const Value* value = given.find(parameters[i].path)) values[i] = *value;
    draws = draws || (!values[i] && !std::holds_alternative<Derived>(parameters[i].domain));
  }
  for (std::uint64_t attempt = 0;; ++attempt) {
    auto config = assemble(
        values, [&](std::size_t parameter) { return draw_at_random(parameter, "enqueue", trial.value, attempt); });
    if (!config) return {given, "enqueued; " + config.error().message};
    const auto violated = space_->violated(*config);
    if (violated && !*violated) return {*std::move(config), "enqueued"};
    if (draws && attempt + 1 < kMaxRejections) continue;
    return {*std::move(config), violated ? fmt::format("enqueued, against '{}'", space_->constraints()[**violated])
                                         : "enqueued; " + violated.error().message};
  }
}

std::string SpaceSampler::reason(std::int64_t trial, const TrialPlan::Place& place, std::uint64_t attempts,
                                 std::size_t violated) const {
  std::string text;
  if (place.point >= 0) {
    text = fmt::format("point to evaluate {} of {}", place.point + 1, plan_.points());
    if (place.cells > 1) text += ", " + cell_text(place);
  } else {
    text = origin(trial, place);
  }
  if (attempts == 0) return text;
  return text + fmt::format("; {} {} time{} for '{}'", replacement(), attempts, attempts == 1 ? "" : "s",
                            space_->constraints()[violated]);
}

std::string cell_text(const TrialPlan::Place& place) {
  return fmt::format("grid cell {} of {}", place.cell + 1, place.cells);
}

std::vector<std::size_t> grid_dimensions(const Space& space) {
  std::vector<std::size_t> dimensions;
  for (std::size_t i = 0; i < space.parameters().size(); ++i) {
    if (std::holds_alternative<GridSearch>(space.parameters()[i].domain)) dimensions.push_back(i);
  }
  return dimensions;
}

}  // namespace tune
