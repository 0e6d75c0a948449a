#include "core/runtime/hand_ins.h"

#include <algorithm>

#include "core/runtime/hand_in.h"

namespace tune {

Result<void> HandIns::take(const std::string& launch, WorkerPeer& peer) {
  const std::string path = hand_in_path(attempts_dir_, launch);
  auto read = read_hand_in(path, [&](wire::Envelope envelope) {
    const auto is_heard = [&](const auto& message) {
      if constexpr (requires { message.log.seq; }) return peer.hears(wire::key_of(message));
      return false;
    };
    if (std::visit(is_heard, envelope.body)) ledger_.note(launch, envelope.body);
    peer.receive(std::move(envelope));
  });
  if (!read && read.error().code == ErrorCode::kDamaged) damaged_.insert(launch);
  const bool is_open = std::ranges::count(ledger_.open(), launch) > 0;
  if (!is_open) close(launch);  // also of none: there may be half of one
  if (!read && read.error().code == ErrorCode::kNotFound) return {};
  return read;
}

bool HandIns::drop(const std::vector<std::string>& launches) const {
  for (const std::string& launch : launches) close(launch);
  return !launches.empty();
}

void HandIns::close(const std::string& launch) const {
  const std::string path = hand_in_path(attempts_dir_, launch);
  if (damaged_.contains(launch)) keep_damaged_hand_in(path);
  delete_hand_in(path);
}

}  // namespace tune
