#pragma once

// The cells of a product of discrete parameters, counted and reached by number without ever being listed. The last
// parameter varies fastest. A parameter under a false condition takes part with one cell, not with all its values: so
// the product is a tree rather than a box, and cells are counted by what is left alive below each node.
//
// Whether a parameter is alive depends on the digits before it, on constants and on given values. A condition on a
// parameter that is drawn (a choice under random search) may come true, so it counts as true here.

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "searchspaces/space.h"
#include "searchspaces/unit_map.h"

namespace tune {

class GridCells {
 public:
  /// `dimensions`: indices of discrete parameters of `space`, which outlives this; `given`: values of parameters that
  /// are none of them. kBadInput: the conditions among them are too many to count.
  static Result<GridCells> build(const Space& space, std::vector<std::size_t> dimensions, const Config& given);

  /// Saturates at 2^63-1.
  std::int64_t count() const { return count_; }

  /// A parameter and its value's ordinal (unit_map.h); parameters that are certainly inactive are left out.
  struct Digit {
    std::size_t parameter;
    std::uint64_t ordinal;
  };
  /// Requires: 0 <= cell < count().
  std::vector<Digit> at(std::int64_t cell) const;

  Value value(const Digit& digit) const;

 private:
  /// A dimension lives only if another one has one of these ordinals.
  struct Requirement {
    std::size_t dimension;
    std::vector<std::uint64_t> ordinals;  // ascending
  };
  struct Dimension {
    std::size_t parameter;
    UnitMap map;
    bool impossible = false;                // a condition on a constant or given value is false
    std::vector<Requirement> requirements;  // on earlier dimensions, those of its ancestors included
    std::vector<std::size_t> dependents;    // dimensions that require something of this one
    std::vector<std::uint64_t> special;     // ordinals that requirements name, ascending
  };
  using Dead = std::vector<bool>;  // by dimension; only those still to come are set

  GridCells() = default;

  void link(const Space& space, const Config& given);
  bool is_dead(std::size_t dimension, const Dead& dead) const {
    return dimensions_[dimension].impossible || dead[dimension];
  }
  /// `dead` after `dimension` took an ordinal; with `ordinal` null: one that no requirement names.
  Dead after(std::size_t dimension, Dead dead, const std::uint64_t* ordinal) const;
  /// Cells of the dimensions from `dimension` on.
  std::int64_t count_from(std::size_t dimension, const Dead& dead);
  std::int64_t known_count(std::size_t dimension, const Dead& dead) const;
  std::uint64_t take_ordinal(std::size_t dimension, Dead& dead, std::int64_t& cell) const;

  std::vector<Dimension> dimensions_;  // parents before children, else in file order
  std::vector<std::int64_t> suffix_;   // without any requirement: products of the counts behind each dimension
  std::map<std::pair<std::size_t, Dead>, std::int64_t> counts_;  // with requirements
  bool too_many_ = false;
  std::int64_t count_ = 1;
};

}  // namespace tune
