#pragma once

// Secrets that stand in an experiment file letter by letter. The file is stored with its results, shown and exported,
// so a password in it is told to everybody who gets a copy: said, and not refused, since the guess may be wrong.

#include "experiments/spec/document.h"
#include "experiments/spec/fields.h"

namespace tune {

/// A note for each text of `command`, `env` and `search_space` that looks like a secret: by its name (password, token,
/// secret, api_key, ...), also `--token=...`, or by its shape (the keys of well-known services, PEM).
void note_secrets(const Node& root, const Reading& reading);

}  // namespace tune
