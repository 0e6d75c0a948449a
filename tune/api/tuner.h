#pragma once

// What a Tuner holds, for the files of this folder: the experiment in one of its three forms, and how it is read.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/spec/reader.h"
#include "tune/api/document.h"
#include "tune/api/include/tune/tuner.h"

namespace tune {

struct Tuner::Parts {
  enum class Form { kAggregate, kFile, kStored };
  Form form = Form::kAggregate;
  RunOptions options;
  std::shared_ptr<const TrainableTable> table;  ///< of a function or class without a name
  std::optional<DocumentText> document;         ///< kAggregate
  std::string file;                             ///< kFile; kStored: name of the experiment
  std::vector<std::pair<std::string, std::string>> set;

  const tune_trainable* own() const { return table != nullptr ? table->get() : nullptr; }
  ReaderContext context() const;
  /// That there is a name; the rest is the store's to say.
  Expected<void> check_database() const;
  /// What the experiment says; all that the reader found.
  ReadOutcome read() const;
  /// Where a diagnostic stands: a path of keys, or file, line and column.
  std::string place_of(const Diagnostic& diagnostic) const;
};

}  // namespace tune
