#pragma once

// The distributions of `search_space`: their words, arguments and faults.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/spec/fields.h"
#include "searchspaces/domain.h"

namespace tune {

struct Distribution {
  enum class Arguments { kReals, kIntegers, kValues, kExpression };

  std::string_view name;
  Arguments arguments = Arguments::kReals;
  std::vector<std::string_view> parts;  ///< of kReals and kIntegers: lower, upper, q
  std::string_view help;
};

std::span<const Distribution> distributions();
const Distribution* find_distribution(std::string_view name);
/// All names, for did-you-mean.
const std::vector<std::string>& distribution_names();

/// The domain that `map` (a map with the one distribution key `word`) writes; nothing after a fault.
std::optional<Domain> read_domain(const Node& map, const Member& word, const Distribution& distribution,
                                  Faults& faults);

/// `value` as the domain would have it: an integer for a real, 16.0 for 16, the equal value of a choice; else
/// unchanged.
Value fit_to_domain(const Domain& domain, Value value);

/// Reports text that looks like another kind (`no`, `1_000`), once for a node with all in it.
void note_lookalikes(const Node& node, Faults& faults);

}  // namespace tune
