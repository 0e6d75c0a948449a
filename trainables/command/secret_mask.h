#pragma once

// Values that the experiment file writes `${env:NAME}` are not to be shown. A program has them, and may print them: in
// what is kept of its output each one stands as the file writes it.
//
// Masked is what has six characters or more and is no absolute path: `${env:HOME}` and numbers are no secrets, and
// masked they would make logs unreadable.

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trainables/command/command_spec.h"

namespace tune {

/// A stream of output with the secrets taken out, also those that arrive in pieces. Thread rule: one thread.
class SecretMask {
 public:
  /// `secrets`: what to look for, and what stands in its place.
  using Secrets = std::vector<std::pair<std::string, std::string>>;
  using Sink = std::function<void(std::string_view)>;

  explicit SecretMask(Secrets secrets = {}) : secrets_(std::move(secrets)) {}

  /// Hands on to `sink` all that can be no beginning of a secret.
  void feed(std::string_view bytes, const Sink& sink);
  /// Hands on what is left: nothing more comes.
  void finish(const Sink& sink);
  /// A whole text.
  std::string masked(std::string_view text) const;
  /// A JSON text: its texts and names, as they are meant and not as they are written.
  std::string masked_json(std::string json) const;

 private:
  /// Moves what is decided from `text` to the result; `ends`: nothing more comes.
  std::string take(std::string_view& text, bool ends) const;

  Secrets secrets_;
  std::string pending_;
};

/// What `command` and `env` take from this process's environment.
SecretMask::Secrets secrets_of(const CommandSpec& spec);

}  // namespace tune
