#pragma once

// Rows of the schedulers' option tables: short to write, and the same words wherever two schedulers share an option.

#include <string>
#include <vector>

#include "core/options.h"

namespace tune::tables {

inline OptionSpec row(std::string key, OptionType type, Value default_value, std::string help) {
  OptionSpec spec;
  spec.key = std::move(key);
  spec.type = type;
  spec.default_value = std::move(default_value);
  spec.help = std::move(help);
  return spec;
}

inline OptionSpec boolean(std::string key, bool otherwise, std::string help) {
  return row(std::move(key), OptionType::kBool, Value(otherwise), std::move(help));
}

inline OptionSpec integer(std::string key, std::int64_t least, Value otherwise, std::string help) {
  OptionSpec spec = row(std::move(key), OptionType::kInteger, std::move(otherwise), std::move(help));
  spec.min = static_cast<double>(least);
  return spec;
}

inline OptionSpec real(std::string key, double least, double otherwise, std::string help) {
  OptionSpec spec = row(std::move(key), OptionType::kReal, Value(otherwise), std::move(help));
  spec.min = least;
  return spec;
}

/// The first word is the default.
inline OptionSpec choice(std::string key, std::vector<std::string> words, std::string help) {
  OptionSpec spec = row(std::move(key), OptionType::kChoice, Value(words.front()), std::move(help));
  spec.choices = std::move(words);
  return spec;
}

inline OptionSpec time_attr(std::string otherwise) {
  return row("time_attr", OptionType::kText, Value(std::move(otherwise)),
             "Reported value that measures progress; it must grow.");
}

inline OptionSpec max_t(double otherwise) {
  return real("max_t", 0, otherwise, "A trial ends here, in units of time_attr.");
}

inline OptionSpec grace_period(double otherwise, std::string help) {
  OptionSpec spec = real("grace_period", 0, otherwise, std::move(help));
  spec.extra_words = {"auto"};
  return spec;
}

inline OptionSpec reduction_factor(std::int64_t otherwise) {
  return integer("reduction_factor", 2, Value(otherwise), "One trial in this many goes on at a rung.");
}

inline OptionSpec fraction(std::string key, double most, double otherwise, std::string help) {
  OptionSpec spec = real(std::move(key), 0, otherwise, std::move(help));
  spec.max = most;
  return spec;
}

inline OptionSpec required(std::string key, std::string help) {
  OptionSpec spec = row(std::move(key), OptionType::kAny, Value(), std::move(help));
  spec.required = true;
  return spec;
}

/// What pbt and pb2 share.
inline std::vector<OptionSpec> population() {
  return {
      time_attr("time_total_s"),
      real("perturbation_interval", 0, 60, "Units of time_attr between two exploit steps."),
      real("burn_in_period", 0, 0, "Units of time_attr before the first step."),
      fraction("quantile_fraction", 0.5, 0.25, "Share of trials that copy, and that are copied."),
      boolean("require_attrs", true, "A report without metric or time_attr is an error."),
      boolean("synch", false, "All trials wait for one another at every interval."),
  };
}

}  // namespace tune::tables
