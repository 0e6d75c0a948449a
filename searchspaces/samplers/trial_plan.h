#pragma once

// Which trial takes which point to evaluate and which cell of the grids: a function of the trial's number alone.
//
//   trials 0 .. P-1   the points to evaluate, in order; a point is expanded over the grids that it does not fix
//   trial P + i       cell i mod G of the grids, in round i / G
//
// Cells that constraints rule out by themselves (all names they use are grids, constants or fixed by the point) are
// left out and not counted. A plan without anything to draw is finite: cells that a point has already proposed do not
// come again, and it ends after its last cell unless it `repeats`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "searchspaces/grid_cells.h"

namespace tune {

/// The value of a domain that has but one: a constant, or a real range with equal ends.
std::optional<Value> only_value(const Domain& domain);

class TrialPlan {
 public:
  /// `dimensions`: the parameters whose product is taken; `space` outlives the plan. kBadInput: constraints rule out
  /// every cell, or a point; or there are too many cells to hold against the constraints.
  static Result<TrialPlan> build(const Space& space, const std::vector<std::size_t>& dimensions,
                                 const std::vector<Config>& points, bool repeats = false);

  struct Place {
    std::int64_t point = -1;  ///< index of the point to evaluate, or -1
    std::int64_t cell = 0;    ///< number among `cells`
    std::int64_t cells = 1;
    std::int64_t round = 0;                    ///< how often all cells were taken before
    std::vector<std::optional<Value>> values;  ///< by parameter: what is not drawn; empty: nothing at all
  };
  /// Nothing: the plan has ended.
  std::optional<Place> at(std::int64_t trial) const;

  /// Number of trials; nothing: without end. Saturates.
  std::optional<std::int64_t> size() const;
  /// Nothing is drawn, and after the last cell comes the first.
  bool begins_again() const { return finite_ && !ends_; }
  std::int64_t points() const { return static_cast<std::int64_t>(stages_.size()) - 1; }

 private:
  /// One point to evaluate, or (last) the search itself.
  struct Stage {
    Config given;
    GridCells cells;
    bool all_cells = true;
    std::vector<std::int64_t> admitted;  // cells that are left, unless all are
    std::int64_t start = 0;              // its first trial

    std::int64_t length() const { return all_cells ? cells.count() : static_cast<std::int64_t>(admitted.size()); }
  };

  explicit TrialPlan(const Space& space) : space_(&space) {}

  Result<void> add_stage(const std::vector<std::size_t>& dimensions, Config given, const std::vector<Config>& earlier);
  /// By parameter: whether its value, or its absence, follows from the cell.
  std::vector<bool> determined(const std::vector<std::size_t>& dimensions, const Config& given) const;
  /// Leaves out cells that constraints rule out, and those that an earlier point has proposed.
  Result<void> admit_cells(Stage& stage, const std::vector<bool>& determined, const std::vector<Config>& earlier) const;
  std::vector<std::optional<Value>> values_of(const Stage& stage, std::int64_t cell) const;
  Config determined_part(const std::vector<std::optional<Value>>& values, const std::vector<bool>& determined) const;
  std::string no_room(const Stage& stage, const std::vector<std::int64_t>& rejected, std::int64_t covered) const;

  const Space* space_;
  bool anything_set_ = false;
  bool finite_ = false;  ///< nothing is drawn
  bool ends_ = false;
  std::vector<Stage> stages_;
};

}  // namespace tune
