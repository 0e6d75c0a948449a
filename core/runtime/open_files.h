#pragma once

// How many files a process may have open. A worker holds three for each trial and a few for its own: by the usual limit
// of 1024, a few hundred trials at a time. Trials themselves keep the limit that tune was started with, which select()
// and what closes all descriptors one by one rely on.

namespace tune {

/// Raises this process's limit as far as the system allows without asking anybody. Once a process, on one thread.
void allow_many_open_files();

/// Whether a descriptor that was just opened is among the last that there may be. The system gives the lowest that is
/// free; some must be left for checkpoints and output files of trials that run already.
bool is_one_of_the_last(int descriptor);

/// The limit as it was before: for a child of this process that becomes another program.
void restore_open_files();

}  // namespace tune
