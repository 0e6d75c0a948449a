#pragma once

// An experiment as its log has left it, with its lock held: what a run begins with, and a command on an experiment that
// nobody runs.

#include <memory>
#include <string>
#include <vector>

#include "experiments/spec/reader.h"
#include "experiments/store/store.h"
#include "tune/controller/controller.h"
#include "tune/loop/at_rest.h"
#include "tune/loop/edits.h"
#include "tune/loop/order.h"

namespace tune {

/// The specification with changes such as `budget.trials=200`. kBadInput: all that is wrong with them.
Result<ExperimentSpec> with_changes(const ExperimentSpec& spec, const std::vector<std::string>& changes,
                                    const ReaderContext& context);

/// What a run of the file goes on with: `file`, but what it says as it did when it was last given (`last`, its text
/// then) stays as commands have left it (`now`). So an unchanged file takes no `tune set` back.
Result<ExperimentSpec> with_commands_kept(const ExperimentSpec& file, const ExperimentSpec& now,
                                          const std::string& last, const ReaderContext& context);

/// Brings an experiment that is over up to date, so that whoever asks next sees it as it is: workers that have not
/// heard so (their controller was killed between its last commit and its last words) end at once, with what they would
/// hand in, which is stored already; and what waits in its command table is done. Nothing where somebody runs it after
/// all.
void settle(const std::string& database, const std::string& experiment, const ReaderContext& context);

/// with_changes() for the loop. In lockstep the number of slots is fixed.
Reread rereader(const ReaderContext& context, bool lockstep);

/// The specification that the log is folded from: without its edits. kDamaged, kBadInput.
Result<ExperimentSpec> first_spec(const ExperimentRow& row, const ReaderContext& context);

struct Recovered {
  ExperimentSpec first;  ///< the controller's space lies in it
  ExperimentSpec now;    ///< as edits have left it
  std::unique_ptr<Controller> controller;
  std::unique_ptr<EventOrder> order;
  std::int64_t run = 1;  ///< number of the next controller start

  /// What waits in the command table, as events; `now` is taken on to what it makes of it.
  Result<std::vector<Arrived>> waiting(Store& store, const Reread& reread);
};

/// What the last run has left running, as far as it said.
Result<LeftRunning> left_running(Store& store);

/// Folds the log. `began`: the specification of an experiment that has no stored one to read (it is being created).
Result<std::unique_ptr<Recovered>> recover_experiment(Store& store, const ReaderContext& context,
                                                      const ExperimentSpec* began = nullptr);

/// Does a command on an experiment that nobody runs, in one turn without workers. One that ends or pauses something
/// ends the workers that live on, and drops what they have not told (take_in() before it hears that); others leave them
/// to the next run. Gives why it is refused; empty: it is done. kBusy: somebody runs it after all.
Result<std::string> command_at_rest(const std::string& database, const std::string& experiment, CommandRow command,
                                    const ReaderContext& context);

}  // namespace tune
