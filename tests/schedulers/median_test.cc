// Median stopping: the means and the median themselves against a plain computation, then the rule.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/rng.h"
#include "schedulers/peer_means.h"
#include "tests/schedulers/making.h"
#include "tests/schedulers/world.h"

namespace tune::test {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();  // worse than any number used here

/// The definition, word for word.
struct PlainMeans {
  PeerMeans::Peers peers;
  double grace;
  std::map<std::int64_t, std::vector<std::pair<double, double>>> reports;
  std::map<std::int64_t, bool> completed;

  std::pair<std::int64_t, double> median(std::int64_t trial, double t) const {
    std::vector<double> means;
    for (const auto& [other, all] : reports) {
      const bool counts =
          peers == PeerMeans::Peers::kReached ? !all.empty() && all.back().first >= t : completed.at(other);
      if (other == trial || !counts) continue;
      double sum = 0, n = 0;
      for (const auto& [at, value] : all) {
        if (at >= grace && at <= t && !std::isnan(value)) sum += value, ++n;
      }
      means.push_back(n > 0 ? sum / n : kNone);
    }
    std::sort(means.begin(), means.end());
    if (means.empty()) return {0, kNone};
    const double low = means[(means.size() - 1) / 2], high = means[means.size() / 2];
    return {static_cast<std::int64_t>(means.size()), low == high ? low : low / 2 + high / 2};
  }
};

void compare(PeerMeans::Peers peers, bool regular) {
  PeerMeans means(peers, 3, regular);
  PlainMeans plain{peers, 3, {}, {}};
  RandomStream random(5, "median", regular ? 1 : 0);
  std::int64_t event = 0;
  for (int i = 0; i < 4000; ++i) {
    const auto trial = static_cast<std::int64_t>(random.below(40));
    auto& reports = plain.reports[trial];
    plain.completed.try_emplace(trial, false);
    const double last = reports.empty() ? 0 : reports.back().first;
    const double t = last + 1 + static_cast<double>(random.below(8) == 0 ? random.below(5) : 0);
    const auto got = means.median(TrialId{trial}, t);
    const auto want = plain.median(trial, t);
    ASSERT_EQ(got.peers, want.first) << "report " << i;
    ASSERT_EQ(got.value.value_or(kNone), want.second) << "report " << i;
    if (random.below(30) == 0) {
      plain.completed[trial] = !plain.completed[trial];
      plain.completed[trial] ? means.complete(TrialId{trial}) : means.reopen(TrialId{trial});
      continue;
    }
    if (plain.completed[trial]) continue;  // it has nothing more to report
    const double value = random.below(9) == 0 ? std::nan("") : static_cast<double>(random.below(64));
    means.add(TrialId{trial}, t, Score::of(value, Mode::kMin, EventNumber{++event}));
    reports.emplace_back(t, value);
  }
}

TEST(PeerMeans, AreTheirDefinitionAtRegularTimes) { compare(PeerMeans::Peers::kReached, true); }
TEST(PeerMeans, AreTheirDefinitionAtAnyTime) { compare(PeerMeans::Peers::kReached, false); }
TEST(PeerMeans, AreTheirDefinitionOfCompletedTrialsAtRegularTimes) { compare(PeerMeans::Peers::kCompleted, true); }
TEST(PeerMeans, AreTheirDefinitionOfCompletedTrialsAtAnyTime) { compare(PeerMeans::Peers::kCompleted, false); }

TEST(Median, StopsTheSameTrialsForAnyMonotoneShiftOfTheMetric) {
  // Means are not ranks: scaling and shifting keep every decision, a logarithm need not.
  const auto decisions = [](double scale, double shift) {
    const auto scheduler = make("median", {{"time_attr", "training_iteration"}, {"grace_period", 1}}, 30);
    RandomStream random(11, "scores", 0);
    std::string out;
    std::int64_t event = 0;
    for (std::int64_t trial = 0; trial < 30; ++trial) {
      scheduler->on_started(TrialId{trial}, {}, {});
      for (double t = 1; t <= 8; ++t) {
        const double value = static_cast<double>(random.below(1 << 20));
        const auto verdict = tell(*scheduler, report_of(trial, t, scale * value + shift, ++event));
        const bool stops = verdict && verdict->verdict == Verdict::kStop;
        out += stops ? 's' : '.';
        if (!stops) continue;
        scheduler->on_ended(TrialId{trial}, false, EventNumber{++event});
        break;
      }
    }
    return out;
  };
  const std::string plain = decisions(1, 0);
  EXPECT_NE(plain.find('s'), std::string::npos);
  EXPECT_EQ(decisions(4, 0), plain);
  EXPECT_EQ(decisions(0.5, 1024), plain);
}

}  // namespace
}  // namespace tune::test
