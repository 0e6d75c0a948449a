#pragma once

// A search space: parameters in file order, each with a domain and the conditions under which it is active, and the
// constraints over them all. Immutable once built; built only whole and checked. Copies share their parts.
//
// Thread rule: a space with expressions, and all copies of it, belong to one thread at a time (expression.h).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/result.h"
#include "searchspaces/domain.h"
#include "searchspaces/expression.h"

namespace tune {

/// `when: {optimizer: [sgd, rmsprop]}`: active only if the parameter at `path` has one of the values.
struct Condition {
  std::string path;
  std::vector<Value> values;
};

struct Parameter {
  std::string path;  ///< groups joined with '.'
  Domain domain;
  std::string written_as;  ///< distribution word of the file (`int`, `randint`), for messages
  std::string description;
  std::vector<Condition> conditions;  ///< all must hold (those of its groups included)
};

/// What is wrong with a space, and at which parameter or constraint: the reader adds line and column.
struct SpaceFault {
  enum class Kind { kUnknownName, kUnknownChoice, kContinuousParent, kCycle, kExpression, kDomain, kNeverActive };
  Kind kind = Kind::kDomain;
  bool warning = false;
  std::string path;                           ///< parameter, or empty
  std::int64_t constraint = -1;               ///< index, or -1
  std::string condition_path;                 ///< the `when` entry concerned, or empty
  std::optional<ExpressionError> expression;  ///< place inside the expression
  std::string message;
  std::string hint;
};

class Space {
 public:
  /// Checks everything: conditions, cycles (named in full), expressions and their names, domains. All faults at once
  /// are appended to `faults` (warnings too); nullopt if there is an error among them. Requires: paths are unique.
  static std::optional<Space> build(std::vector<Parameter> parameters, std::vector<std::string> constraints,
                                    std::vector<SpaceFault>& faults);

  Space();  ///< the empty space
  Space(const Space&);
  Space& operator=(const Space&);
  Space(Space&&) noexcept;
  Space& operator=(Space&&) noexcept;
  ~Space();

  const std::vector<Parameter>& parameters() const;  ///< file order
  const std::vector<std::size_t>& order() const;     ///< parents before children, derived values after their inputs
  const std::vector<std::string>& constraints() const;
  std::vector<std::string> paths() const;  ///< file order
  const Parameter* find(std::string_view path) const;
  /// Indices of the parameters that a derived parameter's expression, or a constraint, names.
  std::vector<std::size_t> inputs(std::size_t parameter) const;
  std::vector<std::size_t> constraint_inputs(std::size_t constraint) const;

  /// Whether the conditions of the parameter hold in `config` (parents set, or absent because inactive).
  bool is_active(const Parameter& parameter, const Config& config) const;

  /// Fills in the derived values of a configuration that holds all others. One that needs an inactive parameter is
  /// absent too. kBadInput: not finite, or `as: int` of a fraction, naming the configuration.
  Result<void> derive(Config& config) const;

  /// Index of the first constraint that `config` violates; none if all hold. A constraint that names an inactive
  /// parameter does not apply. kBadInput: a constraint is not finite.
  Result<std::optional<std::size_t>> violated(const Config& config) const;

  /// Entries in file order.
  Config in_file_order(const Config& config) const;

  /// Number of grid cells (grid_search parameters; a grid under a false condition is one cell): 1 without grids.
  /// Saturates at 2^63-1.
  std::int64_t grid_cells() const;

  /// One line a parameter, in words, for `tune validate`.
  std::string describe() const;

  /// A hash over everything that matters for configurations: two spaces of one hash propose the same.
  std::string fingerprint() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tune
