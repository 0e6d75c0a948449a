#pragma once

// Words that people bring from other tools, and documents that were written for them.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "experiments/spec/document.h"

namespace tune {

/// Where a word stands: the same word may mean different things in different sections.
enum class WordPlace {
  kTop,
  kObjective,
  kMode,  ///< value of `mode`
  kTrainable,
  kParameter,  ///< a distribution's name
  kSearch,
  kAlgorithm,  ///< value of `search.algorithm`
  kScheduler,
  kStop,
  kBudget,
  kOther,
};

/// Advice on an unknown word: what the synonym table says, else the near ones of `legal`, else nothing.
std::string advise(WordPlace place, std::string_view written, std::span<const std::string> legal);
/// The synonym table alone; nothing if the word is not in it.
std::optional<std::string> find_synonym(WordPlace place, std::string_view written);

/// A document of another tool: its name (`a W&B sweep`) and the key that tells.
struct ForeignDocument {
  std::string what;
  const Node* key = nullptr;
};
std::optional<ForeignDocument> recognise_foreign(const Node& root);

}  // namespace tune
