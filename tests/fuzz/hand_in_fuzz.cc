// Hand-ins: a file beside the database that anything may have written. It is taken whole or not at all; the input is
// read as it is, and once more as frames below a header that fits them.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/channel.h"
#include "core/runtime/hand_in.h"
#include "core/runtime/hand_in_ledger.h"
#include "core/sha256.h"
#include "tests/fuzz/fuzz.h"

namespace {

void read(const std::string& bytes) {
  const tune::Fd file(::memfd_create("hand-in", MFD_CLOEXEC));
  tune::fuzz::require(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
                      "memory takes it");
  tune::HandInLedger ledger;
  (void)tune::read_hand_in(fmt::format("/proc/self/fd/{}", file.get()),
                           [&](tune::wire::Envelope envelope) { ledger.note("launch", envelope.body); });
  for (std::int64_t trial = 0; trial < 4; ++trial) {
    (void)ledger.acknowledged({tune::TrialId{trial}, tune::Attempt{1}, INT64_MAX, tune::Verdict::kStop, {}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(tune::fuzz::text_of(data, size));
  read(bytes);
  read(fmt::format("tune hand-in 1 {:020} {}\n", bytes.size(), tune::sha256_hex(bytes)) + bytes);
  return 0;
}
