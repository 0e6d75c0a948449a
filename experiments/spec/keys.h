#pragma once

// The keys of the experiment file, section by section: the one table from which the file is read and its schema is
// made. Options of schedulers and search algorithms come from their own tables (core/options.h).

#include <string>
#include <vector>

#include "core/options.h"
#include "experiments/spec/synonyms.h"

namespace tune {

/// A key: an option as algorithms have them, and some forms that only the file has.
struct Key : OptionSpec {
  enum class Form {
    kOption,    ///< by OptionSpec::type
    kDuration,  ///< `90s`; read as seconds (a real)
    kSize,      ///< `2GiB`; read as bytes (an integer)
    kOther,     ///< has a reader of its own
  };
  Form form = Form::kOption;
  bool above_min = false;     ///< `min` itself is not allowed
  bool may_be_empty = false;  ///< of text
};

struct Section {
  std::string name;          ///< `budget`; for messages
  std::string what = "key";  ///< unknown WHAT 'x' WHERE
  std::string where;         ///< ` in budget`, ` for scheduler 'asha'`
  WordPlace words = WordPlace::kOther;
  std::vector<Key> keys;

  const Key* find(std::string_view key) const;
  std::vector<std::string> names() const;
};

Section experiment_section();
Section objective_section();
Section builtin_section();  ///< trainable: {builtin: ...}
Section plugin_section();
Section command_section();
/// What `search` takes whatever the algorithm.
Section search_section();
/// What every scheduler takes.
Section scheduler_section();
Section stop_section();
Section stop_plateau_section();
Section budget_section();
Section budget_plateau_section();
Section resources_section();
Section retries_section();
Section limits_section();
Section runtime_section();
Section checkpoint_section();

/// Adds the options of an algorithm to `search` or `scheduler`, and says so in messages.
void add_options(Section& section, const AlgorithmInfo& algorithm, std::string_view kind);

}  // namespace tune
