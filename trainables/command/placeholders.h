#pragma once

// ${...} in the command and environment of a program. In a list every value stays inside its argument, whatever it
// holds. In a text that a shell reads, a plain word is written as it is and any other value travels in an environment
// variable that the text refers to: no quoting by the user, and no value, can make the shell run it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/value.h"

namespace tune {

/// What placeholders may stand for.
struct TrialFacts {
  Value config;  ///< nested
  std::string params_json, params_file, trial_id, trial_dir, checkpoint_dir, seed;
};

using EnvironmentList = std::vector<std::pair<std::string, std::string>>;

/// The text of a value in an argument: reals as format_real, text as it is, lists and maps as JSON.
std::string argument_text(const Value& value);

/// All parameters as `--name=value`, groups joined with '.'.
std::vector<std::string> all_arguments(const Value& config);

/// The arguments of a list. An item that names a parameter which this trial does not have (inactive) is left out; a
/// whole item ${args} becomes several. kBadInput for `${` without its end, and for a variable of the environment that
/// is not set.
Result<std::vector<std::string>> expand_items(const std::vector<std::string>& items, const TrialFacts& facts);

/// A text for /bin/sh; variables it needs are added to `environment`. An inactive parameter is empty. What comes from
/// the environment stays there: the text, which others may see, only refers to it.
Result<std::string> expand_shell_text(std::string_view text, const TrialFacts& facts, EnvironmentList& environment);

/// Plain replacement, for values of `env`.
Result<std::string> expand_plain(std::string_view text, const TrialFacts& facts);

}  // namespace tune
