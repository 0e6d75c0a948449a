#include "core/runtime/hand_in_ledger.h"

namespace tune {

void HandInLedger::note(const std::string& launch, const wire::Body& message) {
  if (entries_.empty() || entries_.back().launch != launch) entries_.push_back({launch, {}});
  const auto note = [&](const auto& numbered) {
    if constexpr (requires { numbered.log.seq; }) entries_.back().open[wire::key_of(numbered)] = numbered.log.seq;
  };
  std::visit(note, message);
  if (entries_.back().open.empty()) entries_.pop_back();
}

std::vector<std::string> HandInLedger::open() const {
  std::vector<std::string> launches;
  launches.reserve(entries_.size());
  for (const Entry& entry : entries_) launches.push_back(entry.launch);
  return launches;
}

std::vector<std::string> HandInLedger::assigned(const Assign& assign) {
  return close(
      [&](const wire::AttemptKey& key, Seq) { return key.trial == assign.trial && key.attempt < assign.attempt; });
}

std::vector<std::string> HandInLedger::acknowledged(const Ack& ack) {
  return close([&](const wire::AttemptKey& key, Seq last) { return key == wire::key_of(ack) && ack.seq >= last; });
}

template <class IsStored>
std::vector<std::string> HandInLedger::close(IsStored&& is_stored) {
  std::vector<std::string> done;
  for (Entry& entry : entries_) {
    std::erase_if(entry.open, [&](const auto& open) { return is_stored(open.first, open.second); });
    if (entry.open.empty()) done.push_back(entry.launch);
  }
  std::erase_if(entries_, [](const Entry& entry) { return entry.open.empty(); });
  return done;
}

}  // namespace tune
