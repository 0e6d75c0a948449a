// Decisions of other tools on the same scores (recorded by golden/record.py) against ours. Where definitions agree, so
// do the decisions; where ours differ on purpose, by how much they may is what is tested:
//
//   Optuna's SuccessiveHalvingPruner  keeps the best max(1, floor(m/eta)) of m, as ASHA's variant stop. All agree.
//   Ray's MedianStoppingRule          compares with running means of those that got as far, as ours. All agree.
//   Ray's AsyncHyperBandScheduler     stops what is below the linearly interpolated (1 - 1/eta) percentile of the m - 1
//                                     others. Whom it stops, we stop; and we stop some that it keeps, since with m - 1
//                                     others up to floor((m-2)/eta) + 1 may be better. asha.h says why we count
//                                     instead.

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/schedulers/making.h"

namespace tune::test {
namespace {

struct GoldenReport {
  std::int64_t trial = 0;
  double t = 0, score = 0;
  bool stopped = false;
};

std::vector<GoldenReport> recorded(const std::string& name) {
  std::ifstream in(std::string(TUNE_SCENARIOS) + "/../golden/" + name);
  std::string line, decision;
  std::getline(in, line);  // whose, and by what options
  std::vector<GoldenReport> reports;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    GoldenReport report;
    words >> report.trial >> report.t >> report.score >> decision;
    report.stopped = decision == "stop";
    reports.push_back(report);
  }
  EXPECT_GT(reports.size(), 100u) << name;
  return reports;
}

struct Difference {
  GoldenReport report;
  std::string reason;  ///< ours
};

/// Asks the scheduler at every report below `max_t`, and tells it what the other tool decided.
std::vector<Difference> differences(Scheduler& scheduler, const std::vector<GoldenReport>& reports, double max_t) {
  std::vector<Difference> found;
  std::set<std::int64_t> started;
  std::int64_t event = 0;
  for (const GoldenReport& report : reports) {
    if (started.insert(report.trial).second) scheduler.on_started(TrialId{report.trial}, {}, {});
    ++event;
    const SchedulerReport seen{TrialId{report.trial}, static_cast<Step>(report.t), report.t,
                               Score::of(report.score, Mode::kMax, EventNumber{event}), std::nullopt};
    const auto ours = scheduler.judge(seen);
    const bool stops = ours && ours->verdict == Verdict::kStop;
    if (report.t < max_t && stops != report.stopped) found.push_back({report, ours ? ours->reason : "no rule looks"});
    const SchedulerVerdict theirs{report.stopped ? Verdict::kStop : Verdict::kContinue, report.t >= max_t, "theirs"};
    scheduler.on_report(seen, ours || report.stopped ? &theirs : nullptr);
    if (report.stopped || report.t >= max_t) scheduler.on_ended(TrialId{report.trial}, false, EventNumber{event});
  }
  return found;
}

TEST(Golden, AshaStopsWhomOptunasSuccessiveHalvingStops) {
  const auto asha = make("asha", {{"max_t", 10000}, {"grace_period", 1}, {"reduction_factor", 3}});
  for (const Difference& d : differences(*asha, recorded("optuna_halving.txt"), 27)) {
    ADD_FAILURE() << "trial " << d.report.trial << " at " << d.report.t << ": " << d.reason;
  }
}

TEST(Golden, MedianStopsWhomRaysMedianRuleStops) {
  const auto median = make("median_stopping_rule", {{"time_attr", "training_iteration"}, {"grace_period", 3}});
  for (const Difference& d : differences(*median, recorded("ray_median.txt"), 27)) {
    ADD_FAILURE() << "trial " << d.report.trial << " at " << d.report.t << ": " << d.reason;
  }
}

TEST(Golden, AshaStopsWhomRayStopsAndSomeThatItKeepsByInterpolation) {
  const auto reports = recorded("ray_asha.txt");
  const auto asha = make("asha", {{"max_t", 27}, {"grace_period", 1}, {"reduction_factor", 3}});
  const auto found = differences(*asha, reports, 27);
  EXPECT_FALSE(found.empty());
  EXPECT_LT(found.size(), reports.size() / 10);
  std::map<double, std::vector<double>> rungs;
  std::size_t next = 0;
  for (const GoldenReport& report : reports) {
    std::vector<double>& rung = rungs[report.t];
    if (next < found.size() && found[next].report.trial == report.trial && found[next].report.t == report.t) {
      ++next;
      EXPECT_FALSE(report.stopped) << "Ray stops trial " << report.trial
                                   << ", and we do not: " << found[next - 1].reason;
      const auto better = std::count_if(rung.begin(), rung.end(), [&](double s) { return s > report.score; });
      const auto others = static_cast<std::int64_t>(rung.size());
      EXPECT_GE(better, std::max<std::int64_t>(1, (others + 1) / 3));
      EXPECT_LE(better, (others - 1) / 3 + 1);
    }
    rung.push_back(report.score);
  }
}

}  // namespace
}  // namespace tune::test
