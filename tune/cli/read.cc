// Commands that only read: ls, status, best. They work while a run goes on. (show, trials and logs have their own
// files.)

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/config.h"
#include "core/json.h"
#include "core/runtime/output_file.h"
#include "core/text.h"
#include "core/utf8.h"
#include "experiments/export/csv.h"
#include "experiments/export/lineage.h"
#include "experiments/store/history.h"
#include "experiments/store/space_watch.h"
#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/cli/redraw.h"
#include "tune/cli/text_table.h"
#include "tune/session/take_in.h"
#include "tune/view/tell.h"
#include "tune/view/words.h"

namespace tune::cli {
namespace {

/// `running` without a controller is `interrupted`: what was killed cannot say so itself.
std::string status_of(const Reader& reader, const ExperimentRow& row) {
  if (row.status == "finished" || row.status == "failed") return row.status;
  if (reader.holder(row.id) != 0) return row.status == "paused" ? "paused" : "running";
  return row.status == "new" ? "new" : "interrupted";
}

struct InHand {
  std::int64_t running = 0, interrupted = 0;
};
/// Trials that were begun and have not ended: they run if somebody runs the experiment.
InHand in_hand(const Reader& reader, const ExperimentRow& row) {
  return reader.holder(row.id) != 0 ? InHand{row.running, 0} : InHand{0, row.running};
}

/// Workers outlive a controller that was killed by the lease, and the next one goes on with what they did.
std::string what_is_left(const std::string& db, const Reader& reader, const ExperimentRow& row) {
  const Leftovers left = left_by_last_run(reader, row, db);
  if (left.living) return "(nobody runs it; workers of the run before still do, for a while)";
  const auto runs = reader.runs(row.id);
  if (left.handed_in && runs && handed_in_damaged(runs->back().worker_json, attempts_dir(db))) {
    return "(nobody runs it; what workers of the run before have handed in is damaged: tune doctor says more)";
  }
  if (left.handed_in) return "(nobody runs it; it takes in what workers of the run before have handed in)";
  return "(nobody runs it)";
}

std::string best_of(const ExperimentRow& row) {
  if (row.best_trial < 0) return "-";
  return fmt::format("#{} {} {}", row.best_trial, row.metric, format_real(row.best_value));
}

Value to_value(const Reader& reader, const ExperimentRow& row) {
  const InHand now = in_hand(reader, row);
  Map out{{"name", row.name},
          {"status", status_of(reader, row)},
          {"end_reason", row.end_reason},
          {"trials", row.trials},
          {"running", now.running},
          {"interrupted", now.interrupted},
          {"waiting", row.waiting},
          {"paused", row.paused},
          {"completed", row.completed},
          {"stopped", row.stopped},
          {"failed", row.failed},
          {"elapsed_s", row.elapsed},
          {"metric", row.metric},
          {"mode", row.mode},
          {"seed", static_cast<std::int64_t>(row.seed)},
          {"created_at", format_time(row.created_at)},
          {"controller_pid", reader.holder(row.id)}};
  if (row.best_trial >= 0) {
    out.emplace_back("best_trial", row.best_trial);
    out.emplace_back("best_value", row.best_value);
  }
  return out;
}

std::string status_words(const std::string& db, const Reader& reader, const ExperimentRow& row) {
  const std::int64_t holder = reader.holder(row.id);
  const std::string status = status_of(reader, row);
  std::string text =
      fmt::format("{}  {}{}\n", row.name, status, holder != 0 ? fmt::format(" (process {})", holder) : std::string());
  if (!row.description.empty()) text += fmt::format("  {}\n", row.description);
  const InHand now = in_hand(reader, row);
  text += fmt::format(
      "  trials   {} in all: {} done, {} stopped, {} failed, {}, {} paused, {} waiting\n", row.trials, row.completed,
      row.stopped, row.failed,
      now.interrupted > 0 ? fmt::format("{} interrupted", now.interrupted) : fmt::format("{} running", now.running),
      row.paused, row.waiting);
  text += fmt::format("  best     {}\n", best_of(row));
  text += fmt::format("  elapsed  {}   seed {}{}\n", format_duration(row.elapsed), row.seed,
                      row.lockstep ? "   lockstep" : "");
  if (!row.end_reason.empty()) text += fmt::format("  ended    {}\n", row.end_reason);
  if (holder != 0) {
    const std::string folder = std::filesystem::absolute(db).parent_path();
    const auto little = SpaceWatch(folder).look(std::chrono::steady_clock::now());
    if (little) text += fmt::format("  disk     {}\n", *little);
  }
  if (status == "interrupted") {
    text += fmt::format("  next     tune resume {}   {}\n", row.name, what_is_left(db, reader, row));
  }
  return text;
}

/// What its user has changed since it began.
std::string edit_words(const std::string& db, const ExperimentRow& row) {
  const auto edits = read_edits(db, row.id);
  if (!edits) return {};
  std::string text;
  for (const EditRow& edit : *edits) {
    text += fmt::format("  edited   {} {}, was {} ({})\n", edit.key, edit.now, edit.before,
                        format_time(edit.wall).substr(0, 19));
  }
  return text;
}

std::string args_form(const Config& config) {
  std::string args;
  for (const auto& [path, value] : config.entries) {
    if (!args.empty()) args += ' ';
    args += fmt::format("--{}={}", path, shell_word(cell_text(value)));
  }
  return args;
}

struct Opened {
  std::unique_ptr<Reader> reader;
  ExperimentRow row;
};

Result<Opened> open(const std::string& db, const std::string& experiment) {
  auto name = pick_experiment(db, experiment);
  if (!name) return pass_on(std::move(name));
  auto reader = open_reader(db);
  if (!reader) return pass_on(std::move(reader));
  auto row = (*reader)->experiment(*name);
  if (!row) return pass_on(std::move(row));
  return Opened{*std::move(reader), *std::move(row)};
}

}  // namespace

int list(const Common& common) {
  auto reader = open_reader(common.db);
  if (!reader) return report(reader.error());
  auto rows = (*reader)->experiments();
  if (!rows) return report(rows.error());
  if (common.json) {
    List all;
    for (const ExperimentRow& row : *rows) all.push_back(to_value(**reader, row));
    fmt::print("{}\n", to_json(all));
    return kOk;
  }
  TextTable table({"experiment", "status", "trials", "best", "elapsed", "created"});
  for (const ExperimentRow& row : *rows) {
    table.add({row.name, status_of(**reader, row), std::to_string(row.trials), best_of(row),
               format_duration(row.elapsed), format_time(row.created_at).substr(0, 19)});
  }
  fmt::print("{}", table.render(terminal_width()));
  return kOk;
}

int status(const std::string& experiment, bool watch, const Common& common) {
  Redraw redraw;
  for (;;) {
    auto reader = open_reader(common.db);
    if (!reader) return report(reader.error());
    std::vector<ExperimentRow> rows;
    if (experiment.empty()) {
      auto all = (*reader)->experiments();
      if (!all) return report(all.error());
      rows = *std::move(all);
    } else {
      auto one = (*reader)->experiment(experiment);
      if (!one) return report(one.error());
      rows.push_back(*std::move(one));
    }
    bool alive = false;
    List all;
    std::vector<std::string> words;
    for (const ExperimentRow& row : rows) {
      const std::string now = status_of(**reader, row);
      alive = alive || now == "running" || now == "paused";
      if (common.json) {
        all.push_back(to_value(**reader, row));
      } else {
        words.push_back(status_words(common.db, **reader, row));
      }
    }
    reader->reset();  // on a full disk only one connection at a time can be had
    if (common.json) {
      fmt::print("{}\n", to_json(experiment.empty() ? Value(all) : all.front()));
      std::fflush(stdout);
    } else {
      for (std::size_t i = 0; i < words.size(); ++i) words[i] += edit_words(common.db, rows[i]);
      redraw.show(join(words, ""));
    }
    if (!watch || !alive) return kOk;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

int best(const std::string& experiment, const std::string& format, const Common& common) {
  auto opened = open(common.db, experiment);
  if (!opened) return report(opened.error());
  const ExperimentRow& row = opened->row;
  if (row.best_trial < 0) {
    return report({ErrorCode::kNotFound, fmt::format("experiment '{}' has no result yet", row.name), {}});
  }
  auto trial = opened->reader->trial(row.id, TrialId{row.best_trial});
  if (!trial) return report(trial.error());
  const auto found = config_of_best(*opened->reader, row, *trial);
  if (!found) return report(found.error());
  const Config& config = *found;
  if (format == "json") {
    fmt::print("{}\n", to_json(Map{{"experiment", row.name},
                                   {"trial_number", trial->number},
                                   {"status", trial->status},
                                   {"metric", row.metric},
                                   {"value", trial->best},
                                   {"training_iteration", trial->best_iteration},
                                   {"config", to_nested(config)}}));
  } else if (format == "yaml") {
    for (const auto& [path, value] : config.entries) tell_plainly(stdout, "{}: {}\n", path, to_json(value));
  } else if (format == "args") {
    fmt::print("{}\n", args_form(config));
  } else {
    tell_plainly(stdout, "{}/{}  {} {} (iteration {})\n", row.name, trial->number, row.metric, format_real(trial->best),
                 trial->best_iteration);
    for (const auto& [path, value] : config.entries)
      tell_plainly(stdout, "  {} = {}\n", path, visible(cell_text(value)));
  }
  return kOk;
}

}  // namespace tune::cli
