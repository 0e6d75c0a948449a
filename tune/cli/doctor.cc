// Care of a database: doctor looks through it, backup copies it.

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <utility>

#include "core/json.h"
#include "core/runtime/hand_in.h"
#include "core/runtime/output_file.h"
#include "core/text.h"
#include "experiments/store/backup.h"
#include "experiments/store/doctor.h"
#include "experiments/store/store.h"
#include "tune/cli/commands.h"
#include "tune/cli/exit_codes.h"
#include "tune/session/examine.h"
#include "tune/session/projections.h"
#include "tune/view/tell.h"

namespace tune::cli {
namespace {

/// What the doctor says, as lines while it goes on, or as one document at the end.
class Sheet {
 public:
  explicit Sheet(bool json) : json_(json) {}

  void good(const std::string& what) {
    if (!json_) tell_plainly(stdout, "  ok       {}\n", what);
    checks_.push_back(Map{{"state", "ok"}, {"what", what}});
  }
  void found(const Finding& finding) {
    problems_ += finding.harmful ? 1 : 0;
    const char* state = finding.harmful ? "problem" : "note";
    if (!json_) tell_plainly(stdout, "  {:<8} {}\n", state, finding.what);
    const bool is_news = !finding.advice.empty() && finding.advice != std::exchange(advised_, finding.advice);
    if (!json_ && is_news) tell_plainly(stdout, "           -> {}\n", finding.advice);
    checks_.push_back(Map{{"state", state}, {"what", finding.what}, {"advice", finding.advice}});
  }
  /// What kept a check from its end. An error of ours is none here: tables or views that are not tune's make them.
  void failed(const Error& error, const std::string& of = "") {
    const bool is_of_tables = error.code == ErrorCode::kInternal || error.code == ErrorCode::kDamaged;
    found({true, of + error.message, error.hint.empty() && is_of_tables ? kTablesEdited : error.hint});
  }
  /// All of a check: its findings, or that it is good.
  void check(const std::string& what, Result<std::vector<Finding>> findings) {
    if (!findings) return failed(findings.error());
    if (findings->empty()) good(what);
    for (const Finding& finding : *findings) found(finding);
  }
  int end(const std::string& db) {
    if (json_) {
      fmt::print("{}\n", to_json(Map{{"database", db}, {"healthy", problems_ == 0}, {"checks", std::move(checks_)}}));
    } else if (problems_ == 0) {
      fmt::print("{} is healthy\n", db);
    } else {
      fmt::print("{} has {} problem{}\n", db, problems_, problems_ == 1 ? "" : "s");
    }
    return problems_ == 0 ? kOk : kDatabase;
  }

 private:
  bool json_;
  int problems_ = 0;
  std::string advised_;  ///< last
  List checks_;
};

/// Whether the log can be read on from here.
bool examine_decisions(const Reader& reader, const ExperimentRow& row, Sheet& sheet) {
  auto examined = examine_log(reader, row, reader_context({}));
  if (!examined) {
    const std::string words = fmt::format("{}: cannot be replayed: ", row.name);
    if (examined.error().code == ErrorCode::kBadInput) {  // an experiment of a program that read files differently
      sheet.found({false, words + examined.error().message, examined.error().hint});
    } else {
      sheet.failed(examined.error(), words);
    }
    return false;
  }
  if (examined->good()) {
    sheet.good(fmt::format("{}: hash chain intact, {}", row.name, examined->text()));
  } else {
    sheet.found(
        {true, fmt::format("{}: {}", row.name, examined->text()),
         examined->hash
             ? "the log was changed by something else than tune: restore a backup"
             : "its seed or a setting of its document was changed by something else than tune: restore a backup "
               "(if nobody did that, report it with the output of tune replay)"});
  }
  if (examined->under_other_rules > 0) {
    sheet.found({false,
                 fmt::format("{}: {} decisions were taken under other rules ({}) and are not compared", row.name,
                             examined->under_other_rules, examined->other_rules),
                 ""});
  }
  return !examined->hash;
}

/// The rows that people query, against the log.
void examine_projections(const Reader& reader, const ExperimentRow& row, Sheet& sheet) {
  sheet.check(fmt::format("{}: trials and summary say what the log says", row.name),
              check_projections(reader, row, reader_context({})));
}

/// The bytes of every checkpoint that is kept, against its hash.
void examine_checkpoints(const Reader& reader, const ExperimentRow& row, Sheet& sheet) {
  std::vector<TrialId> trials;
  auto listed = reader.trials(row.id, [&](const TrialRow& trial) { trials.push_back(TrialId{trial.number}); });
  if (!listed) return sheet.failed(listed.error());
  std::int64_t good = 0, bad = 0;
  std::uint64_t bytes = 0;
  for (const TrialId trial : trials) {
    auto checkpoints = reader.checkpoints(row.id, trial);
    if (!checkpoints) return sheet.failed(checkpoints.error());
    for (const CheckpointRow& checkpoint : *checkpoints) {
      if (checkpoint.released) continue;
      auto read = reader.checkpoint_bytes(row.id, checkpoint.id, [](std::string_view) { return Result<void>(); });
      if (read) {
        ++good;
        bytes += checkpoint.size;
      } else if (read.error().code == ErrorCode::kDamaged) {
        ++bad;
        sheet.found({true, fmt::format("{}/{}: {}", row.name, trial.value, read.error().message),
                     "the trial goes on from an earlier checkpoint, or from the start"});
      }  // else: released by a run while we looked, or its bytes are missing, which the references have said
    }
  }
  if (good > 0 && bad == 0) {
    sheet.good(fmt::format("{}: {} checkpoints are what was written, {}", row.name, good, format_size(bytes)));
  }
}

void examine_state(const ExperimentRow& row, Sheet& sheet) {
  if (row.status != "interrupted") return;
  sheet.found({false,
               fmt::format("{} was interrupted, {} of its trials are not at their end", row.name,
                           row.running + row.waiting + row.paused),
               fmt::format("tune resume {} goes on with it", row.name)});
}

/// What workers have left beside the database for the next run.
std::vector<Finding> check_hand_ins(const std::string& db) {
  std::vector<Finding> findings;
  std::error_code none;
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(attempts_dir(db), none)) files.insert(entry.path());
  for (const std::string& file : files) {
    if (file.ends_with(damaged_hand_in_path(kHandInSuffix))) {
      findings.push_back({false, fmt::format("{} is what a worker handed in; from the damage on it was lost", file),
                          "its trials have gone on from their checkpoints: delete it when you have looked at it"});
    }
    if (!file.ends_with(kHandInSuffix)) continue;
    std::int64_t good = 0;
    const auto read = read_hand_in(file, [&](const wire::Envelope&) { ++good; });
    if (read || read.error().code == ErrorCode::kNotFound) continue;
    findings.push_back({true, fmt::format("{}; {} messages before that are good", read.error().message, good),
                        "put the file back as it was, from a backup of that folder; else tune resume takes in what is "
                        "good, and its trials go on from their checkpoints"});
  }
  return findings;
}

Result<std::vector<ExperimentRow>> experiments_of(const std::string& db) {
  auto reader = open_reader(db);
  if (!reader) return pass_on(std::move(reader));
  return (*reader)->experiments();
}

}  // namespace

int doctor(const Common& common) {
  auto rows = experiments_of(common.db);  // on a full disk only one connection at a time can be had
  if (!rows && rows.error().code != ErrorCode::kInternal) return report(rows.error());
  Sheet sheet(common.json);
  const std::size_t count = rows ? rows->size() : 0;
  if (!common.json && rows) fmt::print("{}: {} experiment{}\n", common.db, count, count == 1 ? "" : "s");
  sheet.check("the files are whole (SQLite's integrity check)", check_files(common.db));
  sheet.check("every row refers to what is there", check_references(common.db));
  sheet.check("what workers have handed in is whole", check_hand_ins(common.db));
  sheet.check("the place is a good one", check_place(common.db));
  auto reader = open_reader(common.db);
  if (!rows || !reader) {
    sheet.failed(rows ? reader.error() : rows.error());
    return sheet.end(common.db);
  }
  for (const ExperimentRow& row : *rows) {
    if (examine_decisions(**reader, row, sheet)) examine_projections(**reader, row, sheet);
    examine_checkpoints(**reader, row, sheet);
    examine_state(row, sheet);
  }
  return sheet.end(common.db);
}

int backup(const std::string& file, const Common& common) {
  const bool show = !common.json && common.verbosity >= 0 && isatty(STDERR_FILENO) == 1;
  auto copy = back_up(common.db, file, [&](std::uint64_t bytes) {
    if (show) tell(stderr, "\r{} of checkpoints", format_size(bytes));
  });
  if (show) tell(stderr, "\r\x1b[K");
  if (!copy) return report(copy.error());
  for (const std::string& damaged : copy->damaged)
    tell_plainly(stderr, "tune: warning: {}: not in the copy\n", damaged);
  if (common.json) {
    fmt::print("{}\n", to_json(Map{{"file", file},
                                   {"bytes", static_cast<std::int64_t>(copy->bytes)},
                                   {"checkpoints", copy->checkpoints},
                                   {"checkpoint_bytes", static_cast<std::int64_t>(copy->checkpoint_bytes)},
                                   {"damaged", static_cast<std::int64_t>(copy->damaged.size())}}));
  } else if (common.verbosity >= 0) {
    fmt::print("{}: {}", file, format_size(copy->bytes));
    if (copy->checkpoints > 0) {
      fmt::print("; {}.checkpoints: {} checkpoints, {}", file, copy->checkpoints, format_size(copy->checkpoint_bytes));
    }
    fmt::print("\n");
  }
  return copy->damaged.empty() ? kOk : kDatabase;
}

}  // namespace tune::cli
