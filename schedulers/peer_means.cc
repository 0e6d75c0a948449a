// Prefix sums and order statistics: see the header.

#include "schedulers/peer_means.h"

#include <algorithm>

namespace tune {

void PeerMeans::add(TrialId trial, double t, const Score& score) {
  Series& series = series_[trial];
  const double before = series.last;
  if (t >= grace_ && score.is_number()) {
    const Point last = series.points.empty() ? Point{} : series.points.back();
    series.points.push_back({t, last.sum + score.u, last.count + 1});
  }
  series.last = std::max(before, t);
  if (peers_ == Peers::kReached) {
    // It has now got to every time up to t.
    for (auto tree = trees_.upper_bound(before); tree != trees_.end() && tree->first <= t; ++tree) {
      tree->second.insert(mean_of(trial, series, tree->first));
    }
  }
  if (regular_ && t >= grace_) plant(t);
}

void PeerMeans::plant(double t) {
  if (trees_.size() >= kMostTrees || trees_.contains(t)) return;
  Tree& tree = trees_[t];
  for (const auto& [trial, series] : series_) {
    if (counts(series, t)) tree.insert(mean_of(trial, series, t));
  }
}

void PeerMeans::complete(TrialId trial) {
  Series& series = series_[trial];
  if (series.completed) return;
  series.completed = true;
  if (peers_ != Peers::kCompleted) return;
  for (auto& [t, tree] : trees_) tree.insert(mean_of(trial, series, t));
}

void PeerMeans::reopen(TrialId trial) {
  Series& series = series_[trial];
  if (!series.completed) return;
  series.completed = false;
  if (peers_ != Peers::kCompleted) return;
  for (auto& [t, tree] : trees_) tree.erase(mean_of(trial, series, t));
}

PeerMeans::Mean PeerMeans::mean_of(TrialId trial, const Series& series, double t) const {
  const auto after = std::upper_bound(series.points.begin(), series.points.end(), t,
                                      [](double time, const Point& point) { return time < point.t; });
  if (after == series.points.begin()) return {false, 0, trial};
  const Point& point = *std::prev(after);
  const double mean = point.sum / static_cast<double>(point.count);
  // Infinities of both signs have no mean.
  return std::isnan(mean) ? Mean{false, 0, trial} : Mean{true, mean, trial};
}

std::optional<double> PeerMeans::middle(const Mean& low, const Mean& high) {
  if (!low.is_number || !high.is_number) return std::nullopt;
  if (low.value == high.value) return low.value;
  const double mean = low.value / 2 + high.value / 2;
  if (std::isnan(mean)) return std::nullopt;
  return mean;
}

PeerMeans::Median PeerMeans::median(TrialId trial, double t) const {
  const auto own = series_.find(trial);
  const bool counts_itself = own != series_.end() && counts(own->second, t);
  if (const auto found = trees_.find(t); found != trees_.end()) {
    const Tree& tree = found->second;
    const std::size_t n = tree.size() - (counts_itself ? 1 : 0);
    if (n == 0) return {};
    // Its own place is stepped over.
    const std::size_t hole = counts_itself ? tree.order_of_key(mean_of(trial, own->second, t)) : tree.size();
    const auto at = [&](std::size_t k) { return *tree.find_by_order(k < hole ? k : k + 1); };
    return {static_cast<std::int64_t>(n), middle(at((n - 1) / 2), at(n / 2))};
  }
  std::vector<Mean> means;
  for (const auto& [other, series] : series_) {
    if (other != trial && counts(series, t)) means.push_back(mean_of(other, series, t));
  }
  if (means.empty()) return {};
  const auto nth = [&](std::size_t k) {
    std::nth_element(means.begin(), means.begin() + static_cast<std::ptrdiff_t>(k), means.end());
    return means[k];
  };
  const std::size_t n = means.size();
  const Mean low = nth((n - 1) / 2), high = nth(n / 2);
  return {static_cast<std::int64_t>(n), middle(low, high)};
}

}  // namespace tune
