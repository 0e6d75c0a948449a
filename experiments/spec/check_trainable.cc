// What the reader alone cannot know: whether the trainable, once loaded, fits the experiment.

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "experiments/spec/fields.h"
#include "experiments/spec/overrides.h"
#include "experiments/spec/scalars.h"

namespace tune {

namespace {

using Param = TrainableInfo::Param;

std::string_view kind_words(Param::Kind kind) {
  switch (kind) {
    case Param::Kind::kReal: return "a number";
    case Param::Kind::kInteger: return "an integer";
    case Param::Kind::kText: return "text";
    case Param::Kind::kBool: return "true or false";
    case Param::Kind::kAny: break;
  }
  return "anything";
}

bool is_of_kind(const Value& value, Param::Kind kind) {
  switch (kind) {
    case Param::Kind::kReal: return value.is_number();
    case Param::Kind::kInteger: return as_integer(value).has_value();
    case Param::Kind::kText: return value.is_text();
    case Param::Kind::kBool: return value.is_bool();
    case Param::Kind::kAny: break;
  }
  return true;
}

/// A value that `domain` may give and `kind` does not take, in words; empty if there is none.
std::string misfit(const Domain& domain, Param::Kind kind) {
  const auto first_bad = [&](const std::vector<Value>& values) -> std::string {
    for (const Value& value : values) {
      if (!is_of_kind(value, kind)) {
        return value.is_list() || value.is_map() ? fmt::format("this is {}", kind_phrase(value))
                                                 : fmt::format("{} is {}", show_value(value), kind_phrase(value));
      }
    }
    return {};
  };
  if (const auto* constant = std::get_if<Constant>(&domain)) return first_bad({constant->value});
  if (const auto* choice = std::get_if<Choice>(&domain)) return first_bad(choice->values);
  if (const auto* grid = std::get_if<GridSearch>(&domain)) return first_bad(grid->values);
  if (kind == Param::Kind::kReal || kind == Param::Kind::kAny) return {};
  if (kind == Param::Kind::kInteger) {
    const auto* derived = std::get_if<Derived>(&domain);
    if (derived != nullptr) return derived->as_int ? "" : "the expression gives reals; add as: int";
    if (const auto* steps = std::get_if<QUniform>(&domain); steps != nullptr && as_integer(Value(steps->q))) return {};
    if (const auto* steps = std::get_if<QLogUniform>(&domain); steps != nullptr && as_integer(Value(steps->q)))
      return {};
    if (const auto* steps = std::get_if<QNormal>(&domain); steps != nullptr && as_integer(Value(steps->q))) return {};
    const bool integers = std::holds_alternative<RandInt>(domain) || std::holds_alternative<QRandInt>(domain) ||
                          std::holds_alternative<LogRandInt>(domain) || std::holds_alternative<QLogRandInt>(domain);
    return integers ? "" : fmt::format("{} gives reals", domain_name(domain));
  }
  return fmt::format("{} gives numbers", domain_name(domain));
}

/// 1 for `x1`; 0 for any other name.
std::int64_t number_of(const std::string& path) {
  if (path.size() < 2 || path[0] != 'x' || path[1] == '0') return 0;
  const auto number = parse_integer(std::string_view(path).substr(1));
  return number && *number > 0 && path[1] != '+' ? *number : 0;
}

class TrainableCheck {
 public:
  TrainableCheck(const ExperimentSpec& spec, const TrainableInfo& info, const ReaderContext& context)
      : spec_(spec), info_(info), context_(context), source_(spec.source), faults_(spec.file, source_) {
    Faults unheard(spec.file, source_);  // the text has been read well once
    if (!spec.source.empty()) root_ = parse_document(source_, unheard);
    if (root_ && root_->is_map()) apply_overrides(*root_, context.overrides, unheard);
  }

  std::vector<Diagnostic> refuse(const Error& error) {
    faults_.error(place_of("trainable", true), code::kPluginLoad, error.message, error.hint);
    return faults_.take();
  }

  std::vector<Diagnostic> run() {
    check_given_parameters();
    check_required_parameters();
    if (info_.numbered_parameters) check_numbered_parameters();
    check_end();
    check_saving();
    check_metrics();
    return faults_.take();
  }

 private:
  const Param* find(const std::string& name) const {
    const auto found =
        std::find_if(info_.parameters.begin(), info_.parameters.end(), [&](const Param& p) { return p.name == name; });
    return found == info_.parameters.end() ? nullptr : &*found;
  }

  void check_given_parameters() {
    for (const Parameter& parameter : spec_.space.parameters()) {
      const Param* known = find(parameter.path);
      Param::Kind kind = Param::Kind::kAny;
      if (known != nullptr) {
        kind = known->kind;
      } else if (info_.numbered_parameters && number_of(parameter.path) > 0) {
        kind = Param::Kind::kReal;
      } else if (!info_.any_parameters) {
        report_unknown(parameter.path);
        continue;
      }
      if (const std::string what = misfit(parameter.domain, kind); !what.empty()) {
        faults_.error(place_of("search_space." + parameter.path, true), code::kWrongType,
                      fmt::format("'{}' of {} takes {}; {}", parameter.path, info_.name, kind_words(kind), what));
      }
    }
  }

  void report_unknown(const std::string& path) {
    std::vector<std::string> names;
    names.reserve(info_.parameters.size());
    for (const Param& param : info_.parameters) names.push_back(param.name);
    std::string hint = did_you_mean_hint(path, names);
    if (info_.numbered_parameters) names.emplace_back("x1, x2, ...");
    if (hint.empty()) hint = names.empty() ? "it takes no parameters" : "it takes " + join(names);
    faults_.error(place_of("search_space." + path), code::kUnknownName,
                  fmt::format("{} has no parameter '{}'", info_.name, path), hint);
  }

  void check_required_parameters() {
    for (const Param& param : info_.parameters) {
      if (param.required) require(param.name);
    }
  }

  void require(const std::string& name) {
    const Parameter* parameter = spec_.space.find(name);
    if (parameter == nullptr) {
      faults_.error(place_of("search_space"), code::kMissingKey,
                    fmt::format("{} needs the parameter '{}'", info_.name, name));
    } else if (!parameter->conditions.empty()) {
      faults_.error(place_of("search_space." + name), code::kConflict,
                    fmt::format("{} needs '{}' in every trial, but it has a condition", info_.name, name));
    }
  }

  void check_numbered_parameters() {
    std::int64_t highest = 1, count = 0;
    for (const Parameter& parameter : spec_.space.parameters()) {
      const std::int64_t number = number_of(parameter.path);
      highest = std::max(highest, number);
      count += number > 0;
    }
    // Only the first gap is named: x1 and x1000000 are a slip, not 999,998 faults.
    for (std::int64_t number = 1; number <= std::min(highest, count + 1); ++number) {
      const std::string name = fmt::format("x{}", number);
      const Param* known = find(name);
      if (known == nullptr || !known->required) require(name);
      if (spec_.space.find(name) == nullptr) return;
    }
  }

  void check_end() {
    const StopRules& stop = spec_.stop;
    const bool stops =
        stop.training_iteration || stop.time || !stop.metrics.empty() || !stop.condition.empty() || stop.plateau;
    if (info_.has_end || stops) return;
    const Value* max_t = spec_.scheduler.options.find("max_t");
    const Value* at_max_t = spec_.scheduler.options.find("stop_last_trials");
    const bool scheduler_ends =
        max_t != nullptr && max_t->is_number() && (at_max_t == nullptr || *at_max_t == Value(true));
    if (scheduler_ends) return;
    faults_.error(place_of("trainable"), code::kNoBudget, fmt::format("{} has no end of its own", info_.name),
                  "set stop, such as stop: {training_iteration: 100}, or a scheduler with max_t");
  }

  void check_saving() {
    if (info_.can_save) return;
    if (spec_.resources.elastic != Elastic::kNone) {
      faults_.error(place_of("resources.elastic", true), code::kCapability,
                    fmt::format("elastic {} moves trials between numbers of slots, and {} cannot save checkpoints",
                                elastic_name(spec_.resources.elastic), info_.name),
                    "write elastic: none");
    }
    if (context_.schedulers == nullptr) return;
    const AlgorithmInfo* scheduler = find_algorithm(*context_.schedulers, spec_.scheduler.type);
    if (scheduler == nullptr) return;
    if (scheduler->capabilities.needs_checkpoints) return report_pauses("", "", "");
    const auto option = [&](const char* key) {
      const Value* value = spec_.scheduler.options.find(key);
      return value == nullptr ? Value() : *value;
    };
    if (option("variant") == Value("promote")) report_pauses("variant", "promote", "use variant: stop");
    if (option("hard_stop") == Value(false)) report_pauses("hard_stop", "false", "leave hard_stop out");
    const auto slice = option("min_time_slice").number();
    if (slice && *slice > 0) report_pauses("min_time_slice", format_real(*slice), "leave min_time_slice out");
  }

  /// `key`: the option by which the scheduler pauses trials; empty: it always does.
  void report_pauses(const std::string& key, const std::string& value, const std::string& hint) {
    std::vector<std::string> ways_out;
    if (!hint.empty()) ways_out.push_back(hint);
    if (info_.name == "(function)") {  // of a program, given as it is
      ways_out.emplace_back("if it takes up trial.checkpoint() and reports its state, say so: {f, {.can_save = true}}");
    }
    const std::string with = key.empty() ? "" : fmt::format(" with {} {}", key, value);
    faults_.error(place_of(key.empty() ? "scheduler" : "scheduler." + key, !key.empty()), code::kCapability,
                  fmt::format("scheduler {}{} pauses trials, and {} cannot save checkpoints", spec_.scheduler.type,
                              with, info_.name),
                  join(ways_out, "; or "));
  }

  void check_metrics() {
    if (info_.metrics.empty()) return;
    for (std::size_t i = 0; i < spec_.objectives.size(); ++i) {
      Place place = place_of(fmt::format("objective.{}.metric", i), true);
      if (!place.in_file() && place.set_path.empty()) place = place_of("objective.metric", true);
      check_metric(spec_.objectives[i].metric, place);
    }
    for (const MetricStop& rule : spec_.stop.metrics) check_metric(rule.metric, place_of("stop." + rule.metric));
    if (spec_.stop.plateau) check_metric(spec_.stop.plateau->metric, place_of("stop.plateau.metric", true));
    if (spec_.budget.plateau) check_metric(spec_.budget.plateau->metric, place_of("budget.plateau.metric", true));
    const Value* time_attr = spec_.scheduler.options.find("time_attr");
    if (time_attr != nullptr && time_attr->is_text()) {
      check_metric(time_attr->text(), place_of("scheduler.time_attr", true));
    }
  }

  void check_metric(const std::string& metric, const Place& place) {
    static const std::vector<std::string> kAlways = {"training_iteration", "time_total_s", "time_this_iter_s",
                                                     "timestamp"};
    if (std::ranges::count(info_.metrics, metric) + std::ranges::count(kAlways, metric) > 0) return;
    std::string hint = did_you_mean_hint(metric, info_.metrics);
    if (hint.empty()) hint = "it reports " + join(info_.metrics);
    faults_.error(place, code::kUnknownName, fmt::format("{} does not report '{}'", info_.name, metric), hint);
  }

  /// The place of the key (or value) at a path of keys; the closest one above it that stands in the file.
  Place place_of(const std::string& path, bool of_value = false) const {
    Place place;
    const Node* at = root_ ? &*root_ : nullptr;
    for (std::size_t start = 0; at != nullptr && start < path.size();) {
      const std::size_t dot = std::min(path.find('.', start), path.size());
      const std::string part = path.substr(start, dot - start);
      start = dot + 1;
      if (at->is_list()) {
        const auto index = parse_integer(part);
        const bool inside = index && *index >= 0 && static_cast<std::size_t>(*index) < at->items.size();
        at = inside ? &at->items[static_cast<std::size_t>(*index)] : nullptr;
        if (at != nullptr) place = at->place;
        continue;
      }
      const Member* member = at->find(part);
      if (member == nullptr) return path.starts_with("objective.") ? Place{} : place;
      place = of_value && dot == path.size() && member->value.is_scalar() ? member->value.place : member->key.place;
      at = &member->value;
    }
    return place;
  }

  const ExperimentSpec& spec_;
  const TrainableInfo& info_;
  const ReaderContext& context_;
  const Source source_;
  Faults faults_;
  std::optional<Node> root_;
};

}  // namespace

std::vector<Diagnostic> place_load_error(const ExperimentSpec& spec, const Error& error, const ReaderContext& context) {
  const TrainableInfo nothing_known;
  return TrainableCheck(spec, nothing_known, context).refuse(error);
}

std::vector<Diagnostic> check_trainable(const ExperimentSpec& spec, const TrainableInfo& info,
                                        const ReaderContext& context) {
  return TrainableCheck(spec, info, context).run();
}

}  // namespace tune
