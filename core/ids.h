#pragma once

// Ids are told apart by type, so that an attempt is never passed for a trial. All of them are numbers in order of
// creation: equal in two runs of one seed, never a uuid.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace tune {

template <class Tag, class Rep>
struct StrongId {
  Rep value{};
  friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

/// Number of a trial in its experiment, from 0. People write `EXP/17`; its text id is `EXP-00017`.
using TrialId = StrongId<struct TrialIdTag, std::int64_t>;

/// The fence: +1 for each start of a trial, from 1; 0 = never started. In every message and every path of that start.
using Attempt = StrongId<struct AttemptTag, std::int32_t>;

/// Position of an event in the log of its experiment, from 1 without gaps; 0 = none.
using EventNumber = StrongId<struct EventNumberTag, std::int64_t>;

/// A checkpoint is named by the event that reported it.
using CheckpointId = EventNumber;

/// Row id of an experiment in its database.
using ExperimentId = StrongId<struct ExperimentIdTag, std::int64_t>;

/// 1, 2, ... within one attempt: every report, checkpoint and end.
using Seq = std::int64_t;

/// `training_iteration`: count of completed training iterations, from 1; 0 = not started.
using Step = std::int64_t;

/// `iris-asha-00017`: the id that exports and trainables see.
std::string trial_name(const std::string& experiment, TrialId trial);

}  // namespace tune

template <class Tag, class Rep>
struct std::hash<tune::StrongId<Tag, Rep>> {
  std::size_t operator()(const tune::StrongId<Tag, Rep>& id) const noexcept { return std::hash<Rep>{}(id.value); }
};
