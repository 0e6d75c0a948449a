#include "experiments/store/hash_chain.h"

#include <bit>
#include <cmath>
#include <cstring>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tune {

std::string to_hex(const TurnHash& hash) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : hash) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

TurnHasher::TurnHasher(const TurnHash& previous, const TurnRow& turn) {
  bytes_.reserve(1024);
  bytes_ += bytes_of(previous);
  bytes_ += 'T';
  integer(turn.turn);
  integer(turn.first_n);
  integer(turn.last_n);
  real(turn.committed_at);
}

void TurnHasher::add(const EventRow& event, bool replayed) {
  bytes_ += 'E';
  integer(event.n);
  integer(event.trial);
  integer(event.attempt);
  integer(event.seq);
  integer(event.step);
  real(event.at);
  real(event.elapsed);
  integer(replayed ? 1 : 0);
  text(event.kind);
  text(event.payload);
  text(event.extra);
}

void TurnHasher::add(std::int64_t k, const DecisionRow& decision) {
  bytes_ += 'D';
  integer(k);
  integer(decision.trial);
  text(decision.kind);
  text(decision.args);
  text(decision.reason);
}

TurnHash TurnHasher::finish() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes_.data(), bytes_.size()));
  TurnHash hash;
  std::memcpy(hash.data(), canonical.digest, hash.size());
  return hash;
}

// Little-endian on every machine.
void TurnHasher::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  char out[8];
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(bits >> (8 * i));
  bytes_.append(out, sizeof out);
}

// All NaN are one: the database keeps them as NULL.
void TurnHasher::real(double value) {
  constexpr std::int64_t kNaN = 0x7ff8000000000000;
  integer(std::isnan(value) ? kNaN : std::bit_cast<std::int64_t>(value));
}

void TurnHasher::text(std::string_view value) {
  integer(static_cast<std::int64_t>(value.size()));
  bytes_ += value;
}

}  // namespace tune
