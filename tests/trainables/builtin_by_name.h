#pragma once

#include <string_view>

#include "trainables/builtin/builtin.h"

namespace tune {

/// One of the trainables that come with tune; null: there is none of that name.
inline const tune_trainable* builtin(std::string_view name) {
  for (const tune_trainable* t : builtin_trainables()) {
    if (name == t->name) return t;
  }
  return nullptr;
}

}  // namespace tune
