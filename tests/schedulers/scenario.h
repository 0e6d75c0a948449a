#pragma once

// Scenarios: what a scheduler is told and asked, with its answers, as text that a person can read and write.
//
//   scheduler asha variant=promote max_t=9 reduction_factor=3     first; options in a row
//   trials 9                                                      no more than these will ever start
//   mode max                                                      default min
//   start 3                                                       three new trials, in whatever bracket they get
//   0 reports 1 0.25 -> waits in rung 1: ...                      trial, time_attr, objective -> verdict: reason
//   0 reports 1 0.25 but continue -> ...                          the log says otherwise; that is what is folded
//   0 ends / 0 fails                                              a final state
//   slot -> start bracket 1 of 2                                  a slot is free, new trials are allowed
//   slot over -> resume 3: ...                                    and none will ever come any more; nothing runs
//   slot over running 2 -> wait                                   two trials run
//   full -> unpark 4: ...                                         no slot is free
//   next 0 -> 3, saves                                            where the trial must wait; `never`
//
// Answers are folded before the next line. A line without `->` is not checked. `#` begins a comment.

#include <string>
#include <vector>

namespace tune::test {

/// One sentence for each line that went otherwise, `promote.txt:12: expected ... got ...`; empty if all went as
/// written.
std::vector<std::string> run_scenario(const std::string& path);

}  // namespace tune::test
