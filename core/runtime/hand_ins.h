#pragma once

// What workers have handed in (hand_in.h) on its way into the log: each message as if it had come over the wire, each
// file until all that it holds is stored (hand_in_ledger.h), since the controller that has heard it may die before its
// next turn.

#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/runtime/hand_in_ledger.h"
#include "core/runtime/worker_peer.h"

namespace tune {

class HandIns {
 public:
  explicit HandIns(std::string attempts_dir) : attempts_dir_(std::move(attempts_dir)) {}

  /// Tells `peer` what the worker of `launch` has handed in, if it has. kDamaged: what lies behind the damage is lost,
  /// and the file is kept (damaged_hand_in_path). kIo: all of it is lost.
  Result<void> take(const std::string& launch, WorkerPeer& peer);

  /// The turn that this follows from is stored. Whether fewer hand-ins are open now.
  bool assigned(const Assign& assign) { return drop(ledger_.assigned(assign)); }
  bool acknowledged(const Ack& ack) { return drop(ledger_.acknowledged(ack)); }

  /// The workers whose hand-in is not stored yet.
  std::vector<std::string> open() const { return ledger_.open(); }

 private:
  bool drop(const std::vector<std::string>& launches) const;
  /// Nothing of it is open any more.
  void close(const std::string& launch) const;

  std::string attempts_dir_;
  std::set<std::string> damaged_;  ///< launches
  HandInLedger ledger_;
};

}  // namespace tune
