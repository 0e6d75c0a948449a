// Frames of both protocols: those of worker.proto between worker and controller, and the small own ones between a
// worker and its trials. What can be decoded is encoded to bytes that mean the same.

#include "core/frames.h"
#include "core/wire/envelope.h"
#include "tests/fuzz/fuzz.h"

namespace {

void wire_frames(std::string_view bytes) {
  while (true) {
    auto taken = tune::wire::take_frame(bytes, 1u << 20);
    if (!taken || taken->used == 0) return;
    tune::fuzz::require(taken->used <= bytes.size(), "no more is used than is there");
    std::string once, twice;
    if (tune::wire::append_frame(once, taken->envelope.body, taken->envelope.id, taken->envelope.reply_to)) {
      const auto again = tune::wire::take_frame(once);
      tune::fuzz::require(again && again->used == once.size(), "an encoded envelope is read back");
      tune::fuzz::require(again->envelope.body.index() == taken->envelope.body.index(), "as the same message");
      tune::fuzz::require(
          bool(tune::wire::append_frame(twice, again->envelope.body, taken->envelope.id, taken->envelope.reply_to)) &&
              once == twice,
          "with the same content");
    }
    bytes.remove_prefix(taken->used);
  }
}

void own_frames(std::string_view bytes) {
  while (true) {
    auto taken = tune::decode_frame(bytes);
    if (!taken || taken->used == 0) return;
    tune::fuzz::require(taken->used <= bytes.size(), "no more is used than is there");
    std::string once, twice;
    tune::encode_frame(once, taken->frame, taken->descriptors);
    const auto again = tune::decode_frame(once);
    tune::fuzz::require(again && again->used == once.size(), "an encoded frame is read back");
    tune::encode_frame(twice, again->frame, again->descriptors);
    tune::fuzz::require(once == twice, "with the same content");
    bytes.remove_prefix(taken->used);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire_frames(tune::fuzz::text_of(data, size));
  own_frames(tune::fuzz::text_of(data, size));
  return 0;
}
