#include "core/rng.h"

#include "core/portable_math.h"

namespace tune {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio, the increment of splitmix64

/// The output function of splitmix64: a bijection in which every input bit moves half of the output bits.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

constexpr std::uint64_t absorb(std::uint64_t state, std::uint64_t word) { return mix((state ^ word) + kGolden); }

std::uint64_t stream_hash(std::uint64_t seed, std::string_view purpose, std::int64_t trial, std::string_view path) {
  return stable_hash(absorb(stable_hash(seed, purpose), static_cast<std::uint64_t>(trial)), path);
}

std::array<std::uint32_t, 2> halves(std::uint64_t x) {
  return {static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(x >> 32)};
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

// Two hashes of different roots: streams are told apart by 128 bits, so that none of the millions of an experiment
// meet.
RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose, std::int64_t trial, std::string_view path)
    : key_(halves(stream_hash(seed, purpose, trial, path))),
      stream_(halves(stream_hash(mix(seed + kGolden), purpose, trial, path))) {}

std::uint64_t RandomStream::next() {
  const std::uint64_t index = position_++;
  const auto [low, high] = halves(index >> 1);  // one block holds two draws
  const auto block = philox4x32({low, high, stream_[0], stream_[1]}, key_);
  const std::size_t half = (index & 1) * 2;
  return block[half] | std::uint64_t{block[half + 1]} << 32;
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

// The middles of 2^52 equal cells: never 0, never 1.
double RandomStream::uniform_open() { return (static_cast<double>(next() >> 12) + 0.5) * 0x1p-52; }

std::uint64_t RandomStream::below(std::uint64_t bound) {
  const std::uint64_t surplus = (0 - bound) % bound;  // 2^64 mod bound: so many values would be drawn once too often
  std::uint64_t x = next();
  while (x < surplus) x = next();
  return x % bound;
}

double RandomStream::normal() { return portable::inverse_normal(uniform_open()); }

std::uint64_t stable_hash(std::uint64_t seed, std::string_view text) {
  std::uint64_t state = absorb(seed, text.size());
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (i % 8 * 8);
    if (i % 8 == 7) {
      state = absorb(state, word);
      word = 0;
    }
  }
  return absorb(state, word);
}

std::uint64_t trial_seed(std::uint64_t experiment_seed, TrialId trial) {
  return stream_hash(experiment_seed, "trial_seed", trial.value, {}) >> 33;
}

}  // namespace tune
