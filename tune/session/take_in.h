#pragma once

// What trials did after their controller was killed, taken in by somebody who does not want the experiment to go on:
// before a command that ends some of them, or before the experiment is set aside for a new one of its name.

#include <functional>
#include <string>

#include "core/runtime/leftovers.h"
#include "experiments/store/store.h"
#include "tune/session/session.h"

namespace tune {

/// What the last run of an experiment that nobody runs has left: workers that live on, what they handed in.
Leftovers left_by_last_run(const Reader& reader, const ExperimentRow& row, const std::string& database);

/// Where nobody runs the experiment and its last run has left something (workers that live on, or what they handed in):
/// a run that begins nothing, has running trials save and leave within `grace` seconds, and stores what they have done.
/// Nothing where nothing is left. `warn` hears what could not be taken in. The errors of Session::run().
Result<void> take_in(const std::string& database, const std::string& experiment, double grace,
                     const ReaderContext& context, const std::function<void(const std::string&)>& warn);

/// `--fresh`: set_aside() of an experiment that nobody runs. What trials did since its last run is taken in, and they
/// and their workers end at once: their folders are those of the new experiment from now on. The name it is kept under.
/// kBusy: somebody runs it; the errors of set_aside(). `warn` hears what could not be taken in.
Result<std::string> set_aside_at_rest(const std::string& database, const std::string& experiment,
                                      const ReaderContext& context,
                                      const std::function<void(const std::string&)>& warn);

}  // namespace tune
