// Commands about an experiment file that start nothing: validate, sample, schema.

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "core/json.h"
#include "core/text.h"
#include "experiments/export/csv.h"
#include "searchspaces/sampler.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/load_check.h"
#include "tune/view/tell.h"

namespace tune::cli {
int validate(const std::string& file, const std::vector<std::string>& set, const Common& common) {
  const ReaderContext context = reader_context(set);
  ReadOutcome read = read_experiment_file(file, context);
  if (read.spec) {
    auto found = check_loaded(*read.spec, context);
    if (!found) return report(found.error());
    if (has_errors(*found)) read.spec.reset();
    std::ranges::move(*found, std::back_inserter(read.diagnostics));
  }
  if (common.json) {
    fmt::print("{}\n", diagnostics_to_json(read.diagnostics));
    return read.spec ? kOk : kUsage;
  }
  print_diagnostics(read.diagnostics, common);
  if (!read.spec) return kUsage;
  const ExperimentSpec& spec = *read.spec;
  fmt::print("{}: valid\n{}", spec.name, spec.space.describe());
  if (const std::int64_t cells = spec.space.grid_cells(); cells > 1) fmt::print("grid: {} cells\n", cells);
  return kOk;
}

int sample(const std::string& file, const std::vector<std::string>& set, std::int64_t n, const std::string& format,
           const std::optional<std::uint64_t>& seed, const Common& common) {
  const auto spec = read_to_look_at(file, set, common);
  if (!spec) return kUsage;

  SamplerContext context;
  context.space = &spec->space;
  context.points_to_evaluate = spec->search.points_to_evaluate;
  context.options = spec->search.options;
  context.repeats = spec->budget.trials.has_value();
  if (seed || spec->search.seed) {
    context.seed = seed ? *seed : *spec->search.seed;
  } else {
    if (getrandom(&context.seed, sizeof context.seed, 0) < 0) context.seed = 0;
    context.seed >>= 12;
    tell(stderr, "seed {} (drawn; write search.seed to repeat it)\n", context.seed);
  }
  auto sampler = make_sampler(spec->search.algorithm, std::move(context));
  if (!sampler) return report(sampler.error());

  const std::vector<std::string> paths = spec->space.paths();
  if (format == "csv")
    write_csv_row(std::cout, [&] {
      std::vector<std::string> header{"trial_number"};
      for (const std::string& path : paths) header.push_back(config_column(path));
      return header;
    }());
  for (std::int64_t i = 0; i < n; ++i) {
    auto suggestion = (*sampler)->suggest(TrialId{i});
    if (!suggestion) return report(suggestion.error());
    if (!suggestion->config) {
      tell(stderr, "the search space is used up after {} configurations\n", i);
      break;
    }
    (*sampler)->on_suggested(TrialId{i}, *suggestion->config);
    if (format == "csv") {
      std::vector<std::string> cells{std::to_string(i)};
      for (const std::string& path : paths) {
        const Value* value = suggestion->config->find(path);
        cells.push_back(value == nullptr ? std::string() : cell_text(*value));
      }
      write_csv_row(std::cout, cells);
    } else {
      fmt::print("{}\n", to_json(to_nested(*suggestion->config)));
    }
  }
  std::cout.flush();
  return kOk;
}

int schema(const Common&) {
  fmt::print("{}\n", experiment_schema(reader_context({})));
  return kOk;
}

}  // namespace tune::cli
