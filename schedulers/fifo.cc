#include "schedulers/fifo.h"

namespace tune {

std::optional<Proposal> Fifo::propose(const Supply& supply) const {
  if (!supply.slot_free || !supply.new_allowed) return std::nullopt;
  return Proposal::start_new({}, {});  // the sampler's reason says it all
}

AlgorithmInfo fifo_info() {
  AlgorithmInfo info;
  info.name = "fifo";
  info.help = "Runs every trial to its end, in the order of creation.";
  return info;
}

}  // namespace tune
