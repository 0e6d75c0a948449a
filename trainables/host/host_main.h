#pragma once

// The program tune-host: loads one trainable, and says what it is or forks processes that run it.
//
//   tune-host --describe REF                     one line of JSON (trainables/run/info.h) on stdout; exit code 0 or 1
//   tune-host --fd N [--reuse] [--parent PID]
//                                                fork server on the socket N (core/frames.h)
//
// REF is core/trainable_ref.h's JSON; the fork server gets it as its first frame. With --reuse a trial's process takes
// one trial after another until Quit, else it leaves after its first; whoever learns only from Ready what the trainable
// is made for may ask for --reuse and send Quit after each Done. With --parent the host leaves at once if PID is no
// longer its parent. It is started by tune's worker, never by hand, and is a program of its own so that LibTorch and
// its libprotobuf are in no other.

#include "trainables/run/loader.h"

namespace tune {

int host_main(int argc, char** argv, const CompiledIn& compiled_in);

}  // namespace tune
