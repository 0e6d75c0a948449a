#include "trainables/host/channel_port.h"

#include <utility>
#include <vector>

namespace tune {
namespace {

/// An empty checkpoint is one, too, but a frame cannot tell it from none by its size: it travels with its info filled
/// in.
CheckpointInfo empty_checkpoint() {
  return {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false};  // SHA-256 of nothing
}

}  // namespace

template <class CarryingFrame, class Message>
Result<void> ChannelPort::send_with(CarryingFrame frame, Message CarryingFrame::*message, std::string_view checkpoint) {
  frame.checkpoint_size = checkpoint.size();
  if (checkpoint.size() <= kInlineInFrame) {
    (frame.*message).checkpoint_bytes = checkpoint;
    return channel_.send(frame);
  }
  auto bytes = make_memfd(checkpoint);
  if (!bytes) return fail(ErrorCode::kTrial, "its checkpoint cannot be handed over: " + bytes.error().message);
  return channel_.send(frame, {bytes->get()});
}

Result<void> ChannelPort::send(ReportMessage report, std::optional<std::string_view> checkpoint) {
  if (checkpoint && checkpoint->empty()) report.log.checkpoint = empty_checkpoint();
  return send_with(ReportFrame{std::move(report), 0}, &ReportFrame::report, checkpoint.value_or(std::string_view()));
}

Result<void> ChannelPort::send(SavedMessage saved, std::string_view checkpoint) {
  if (checkpoint.empty()) saved.log.checkpoint = empty_checkpoint();
  return send_with(SavedFrame{std::move(saved), 0}, &SavedFrame::saved, checkpoint);
}

Result<std::optional<TrialInput>> ChannelPort::receive(bool wait) {
  bool filled = false;
  while (true) {
    auto received = wait ? channel_.receive() : channel_.next();
    if (!received) return pass_on(std::move(received));
    if (!*received) {
      if (wait) return fail(ErrorCode::kIo, "the worker is gone");
      if (filled) return std::nullopt;
      const auto alive = channel_.fill();
      if (!alive) return tl::unexpected<Error>(alive.error());
      if (!*alive) return fail(ErrorCode::kIo, "the worker is gone");
      filled = true;
      continue;
    }
    const auto is_ours = [&](const auto& m) {
      return m.trial == begin_.assign.trial && m.attempt == begin_.assign.attempt;
    };
    const Frame& frame = (*received)->frame;
    if (const auto* ack = std::get_if<AckFrame>(&frame)) {
      if (is_ours(ack->ack)) return TrialInput(ack->ack);
    } else if (const auto* order = std::get_if<OrderFrame>(&frame)) {
      if (is_ours(order->order)) return TrialInput(order->order);
    } else if (std::holds_alternative<Quit>(frame)) {
      return fail(ErrorCode::kIo, "the worker says that it leaves");
    }
  }
}

}  // namespace tune
