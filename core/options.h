#pragma once

// Tables of options. Each scheduler and sampler describes its options once, here; the experiment file's reader, the C++
// API, `tune schema` and `tune help` all read these tables, so a new algorithm appears everywhere with no other change.
// The reader does not include the schedulers: `tune` hands it the catalogues.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace tune {

enum class OptionType {
  kBool,
  kInteger,
  kReal,
  kText,
  kChoice,    ///< one of `choices`
  kRealList,  ///< list of numbers
  kAny,       ///< read as it stands; `check` looks at it
};

struct OptionSpec {
  std::string key;
  OptionType type = OptionType::kAny;
  Value default_value;  ///< null: no default
  bool required = false;
  std::optional<double> min, max;        ///< inclusive, for kInteger and kReal
  std::vector<std::string> choices;      ///< for kChoice
  std::vector<std::string> extra_words;  ///< words allowed instead of a value of the type, such as `auto`
  std::string help;                      ///< one sentence
};

/// Options after reading: every key of the table has a value of its type (or null where there is no default).
class Options {
 public:
  Options() = default;
  explicit Options(Map values) : values_(std::move(values)) {}
  const Value* find(std::string_view key) const;
  void set(std::string_view key, Value value);
  /// Requires: the key has a value of that type.
  bool boolean(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;  ///< integers too
  const std::string& text(std::string_view key) const;
  const Map& values() const { return values_; }

 private:
  Map values_;
};

/// A fault of one option, or of several together; the reader puts it at the place of `key`.
struct OptionFault {
  std::string key;      ///< empty: the algorithm as a whole
  std::string message;  ///< `max_t 5 is below grace_period 10`
  std::string hint;
};

/// What an algorithm can take, and what it needs.
struct Capabilities {
  bool built = true;       ///< false: known by name, refused with the list of those that are built
  bool continuous = true;  ///< takes continuous parameters (false: algorithm grid)
  bool grids = false;      ///< takes grid_search
  bool conditional = true;
  bool unbounded = true;  ///< takes randn and its kind
  bool constraints = true;
  bool finite = false;             ///< proposes finitely many configurations, so needs no budget
  bool learns = false;             ///< proposals depend on results
  bool needs_checkpoints = false;  ///< scheduler pauses or clones trials
};

struct AlgorithmInfo {
  std::string name;
  std::vector<std::string> aliases;
  std::string help;  ///< one sentence
  std::vector<OptionSpec> options;
  Capabilities capabilities;
  /// Faults that need several options; may be empty.
  std::function<std::vector<OptionFault>(const Options&)> check;
};

using Catalogue = std::vector<AlgorithmInfo>;

/// By name or alias; null if there is none.
const AlgorithmInfo* find_algorithm(const Catalogue& catalogue, std::string_view name);

/// All options of the table, `given` where given, else the default.
Options with_defaults(const std::vector<OptionSpec>& table, const Options& given);

}  // namespace tune
