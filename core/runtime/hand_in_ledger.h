#pragma once

// Which hand-ins (hand_in.h) hold messages that are not stored yet: such a file must stay, since the controller that
// has heard it may die before its next turn.

#include <map>
#include <string>
#include <vector>

#include "core/wire/envelope.h"

namespace tune {

class HandInLedger {
 public:
  /// A message of the hand-in of `launch`, of an attempt that is heard.
  void note(const std::string& launch, const wire::Body& message);
  /// Hand-ins of which something is open, in the order they were noted.
  std::vector<std::string> open() const;

  /// The turn that this follows from is stored. Gives the hand-ins of which nothing is open any more.
  std::vector<std::string> assigned(const Assign& assign);
  std::vector<std::string> acknowledged(const Ack& ack);

 private:
  struct Entry {
    std::string launch;
    std::map<wire::AttemptKey, Seq> open;  ///< the last number of each attempt
  };
  template <class IsStored>
  std::vector<std::string> close(IsStored&& is_stored);

  std::vector<Entry> entries_;
};

}  // namespace tune
