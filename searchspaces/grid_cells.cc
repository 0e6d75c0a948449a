#include "searchspaces/grid_cells.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace tune {
namespace {

constexpr std::int64_t kMostCells = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxStates = 10'000;
constexpr std::size_t kMaxConditionalDimensions = 500;  // bounds the recursion

std::int64_t saturated(std::uint64_t n) {
  return n > static_cast<std::uint64_t>(kMostCells) ? kMostCells : static_cast<std::int64_t>(n);
}

std::int64_t multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMostCells : product;
}

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t total = 0;
  return __builtin_add_overflow(a, b, &total) ? kMostCells : total;
}

/// Ordinals at which the domain has one of the values. Equal values of a grid_search stand at several.
std::vector<std::uint64_t> ordinals_of(const Domain& domain, const UnitMap& map, const std::vector<Value>& values) {
  std::vector<std::uint64_t> ordinals;
  const auto is_wanted = [&](const Value& value) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  const bool listed = std::holds_alternative<Choice>(domain) || std::holds_alternative<GridSearch>(domain);
  if (listed) {
    for (std::uint64_t i = 0; i < map.count(); ++i) {
      if (is_wanted(map.value(i))) ordinals.push_back(i);
    }
    return ordinals;
  }
  for (const Value& value : values) {
    // Values ascend: a binary search finds the ordinal without listing ranges of any size.
    const auto wanted = value.number();
    if (!wanted) continue;
    std::uint64_t low = 0, high = map.count() - 1;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      const Value there = map.value(middle);
      const bool less =
          there.is_integer() && value.is_integer() ? there.integer() < value.integer() : *there.number() < *wanted;
      if (less) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (map.value(low) == value) ordinals.push_back(low);
  }
  std::sort(ordinals.begin(), ordinals.end());
  ordinals.erase(std::unique(ordinals.begin(), ordinals.end()), ordinals.end());
  return ordinals;
}

}  // namespace

Result<GridCells> GridCells::build(const Space& space, std::vector<std::size_t> dimensions, const Config& given) {
  GridCells cells;
  const std::vector<Parameter>& parameters = space.parameters();
  std::sort(dimensions.begin(), dimensions.end());
  for (const std::size_t i : space.order()) {
    if (!std::binary_search(dimensions.begin(), dimensions.end(), i)) continue;
    cells.dimensions_.push_back({i, UnitMap(parameters[i].domain), false, {}, {}, {}});
  }
  cells.link(space, given);

  const std::size_t n = cells.dimensions_.size();
  const bool plain = std::all_of(cells.dimensions_.begin(), cells.dimensions_.end(),
                                 [](const Dimension& d) { return d.requirements.empty(); });
  if (plain) {
    cells.suffix_.assign(n + 1, 1);
    for (std::size_t i = n; i-- > 0;) {
      const Dimension& d = cells.dimensions_[i];
      cells.suffix_[i] = multiply(d.impossible ? 1 : saturated(d.map.count()), cells.suffix_[i + 1]);
    }
    cells.count_ = cells.suffix_[0];
    return cells;
  }
  if (n <= kMaxConditionalDimensions) cells.count_ = cells.count_from(0, Dead(n));
  if (n > kMaxConditionalDimensions || cells.too_many_) {
    return fail(ErrorCode::kBadInput, "the conditions among the grids are too many to count their cells",
                "use choice instead of grid_search for some of them");
  }
  return cells;
}

void GridCells::link(const Space& space, const Config& given) {
  const std::vector<Parameter>& parameters = space.parameters();
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> dimension_of(parameters.size(), kNone);
  for (std::size_t i = 0; i < dimensions_.size(); ++i) dimension_of[dimensions_[i].parameter] = i;

  std::vector<bool> impossible(parameters.size());
  std::vector<std::vector<Requirement>> required(parameters.size());
  for (const std::size_t i : space.order()) {
    for (const Condition& condition : parameters[i].conditions) {
      const std::size_t parent = static_cast<std::size_t>(space.find(condition.path) - parameters.data());
      if (impossible[parent]) impossible[i] = true;
      required[i].insert(required[i].end(), required[parent].begin(), required[parent].end());
      if (dimension_of[parent] != kNone) {
        const UnitMap& map = dimensions_[dimension_of[parent]].map;
        required[i].push_back({dimension_of[parent], ordinals_of(parameters[parent].domain, map, condition.values)});
        continue;
      }
      const auto* constant = std::get_if<Constant>(&parameters[parent].domain);
      const Value* known = constant ? &constant->value : given.find(condition.path);
      if (known && std::find(condition.values.begin(), condition.values.end(), *known) == condition.values.end())
        impossible[i] = true;
    }
  }
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    Dimension& d = dimensions_[i];
    d.impossible = impossible[d.parameter];
    d.requirements = std::move(required[d.parameter]);
    for (const Requirement& requirement : d.requirements) {
      Dimension& parent = dimensions_[requirement.dimension];
      if (parent.dependents.empty() || parent.dependents.back() != i) parent.dependents.push_back(i);
      parent.special.insert(parent.special.end(), requirement.ordinals.begin(), requirement.ordinals.end());
    }
  }
  for (Dimension& d : dimensions_) {
    std::sort(d.special.begin(), d.special.end());
    d.special.erase(std::unique(d.special.begin(), d.special.end()), d.special.end());
  }
}

GridCells::Dead GridCells::after(std::size_t dimension, Dead dead, const std::uint64_t* ordinal) const {
  for (const std::size_t dependent : dimensions_[dimension].dependents) {
    for (const Requirement& requirement : dimensions_[dependent].requirements) {
      if (requirement.dimension != dimension) continue;
      const bool met =
          ordinal && std::binary_search(requirement.ordinals.begin(), requirement.ordinals.end(), *ordinal);
      if (!met) dead[dependent] = true;
    }
  }
  dead[dimension] = false;  // decided: no part of what is to come
  return dead;
}

std::int64_t GridCells::count_from(std::size_t dimension, const Dead& dead) {
  if (dimension == dimensions_.size()) return 1;
  const auto known = counts_.find({dimension, dead});
  if (known != counts_.end()) return known->second;
  if (counts_.size() >= kMaxStates) too_many_ = true;
  if (too_many_) return 1;

  std::int64_t total = 0;
  if (is_dead(dimension, dead)) {
    total = count_from(dimension + 1, after(dimension, dead, nullptr));
  } else {
    const Dimension& d = dimensions_[dimension];
    for (const std::uint64_t ordinal : d.special)
      total = add(total, count_from(dimension + 1, after(dimension, dead, &ordinal)));
    const std::uint64_t others = d.map.count() - d.special.size();
    if (others > 0) {
      total = add(total, multiply(saturated(others), count_from(dimension + 1, after(dimension, dead, nullptr))));
    }
  }
  counts_.emplace(std::pair(dimension, dead), total);
  return total;
}

std::int64_t GridCells::known_count(std::size_t dimension, const Dead& dead) const {
  return dimension == dimensions_.size() ? 1 : counts_.at({dimension, dead});
}

/// The ordinal under which `cell` lies; `cell` becomes the number within it. Ordinals between two special ones all have
/// as many cells, so that they are passed over in one division.
std::uint64_t GridCells::take_ordinal(std::size_t dimension, Dead& dead, std::int64_t& cell) const {
  const Dimension& d = dimensions_[dimension];
  const Dead dead_between = after(dimension, dead, nullptr);
  std::uint64_t next = 0;
  for (std::size_t i = 0;; ++i) {
    const std::uint64_t end = i < d.special.size() ? d.special[i] : d.map.count();
    if (next < end) {
      const std::int64_t each = known_count(dimension + 1, dead_between);
      const std::int64_t run = multiply(saturated(end - next), each);
      if (cell < run) {
        dead = dead_between;
        const std::uint64_t ordinal = next + static_cast<std::uint64_t>(cell / each);
        cell %= each;
        return ordinal;
      }
      cell -= run;
    }
    Dead dead_there = after(dimension, dead, &end);
    const std::int64_t there = known_count(dimension + 1, dead_there);
    if (cell < there) {
      dead = std::move(dead_there);
      return end;
    }
    cell -= there;
    next = end + 1;
  }
}

std::vector<GridCells::Digit> GridCells::at(std::int64_t cell) const {
  std::vector<Digit> digits;
  Dead dead(dimensions_.size());
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    if (is_dead(i, dead)) {
      dead = after(i, std::move(dead), nullptr);
    } else if (!suffix_.empty()) {
      digits.push_back({i, static_cast<std::uint64_t>(cell / suffix_[i + 1])});
      cell %= suffix_[i + 1];
    } else {
      digits.push_back({i, take_ordinal(i, dead, cell)});
    }
  }
  for (Digit& digit : digits) digit = {dimensions_[digit.parameter].parameter, digit.ordinal};
  return digits;
}

Value GridCells::value(const Digit& digit) const {
  const auto found = std::find_if(dimensions_.begin(), dimensions_.end(),
                                  [&](const Dimension& d) { return d.parameter == digit.parameter; });
  return found->map.value(digit.ordinal);
}

}  // namespace tune
