#pragma once

// `trainable`: a built-in name, a shared library, or any program.

#include "core/messages.h"
#include "experiments/spec/fields.h"
#include "experiments/spec/parameters.h"

namespace tune {

/// The reference with absolute paths; faults to `reading.faults`. `space` gives the names that placeholders may use,
/// `objectives` the metrics by which a program's reports are told from its other output.
TrainableRef read_trainable(const Member& section, const SpaceReading& space, const std::vector<Objective>& objectives,
                            const Reading& reading);

/// The trainable as the file would write it in full, for the stored document.
Value trainable_document(const TrainableRef& trainable);

// --- parts of read_trainable ---

/// The `command` form. The result's command_json is {"command": [...] or text, "report": ..., "working_dir": absolute,
/// "env": {...}, "objective": [names]}.
TrainableRef read_command(const Node& map, const SpaceReading& space, const std::vector<Objective>& objectives,
                          const Reading& reading);

/// Unknown `${...}` in the text of a scalar; a `$` before anything else is left to the shell.
void check_placeholders(const Node& text, const SpaceReading& space, const Reading& reading);
/// Parameters that a placeholder of the same name would hide.
void check_placeholder_names(const SpaceReading& space, const Reading& reading);

}  // namespace tune
