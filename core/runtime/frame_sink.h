#pragma once

// Where one half of a conversation puts what it says: a connection (link.h), a hand-in (hand_in.h), or a test's
// network. The halves themselves (conversation.h, worker_peer.h) know no socket.

#include <cstdint>
#include <string_view>

#include "core/wire/envelope.h"

namespace tune {

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void send(const wire::Body& body, std::uint64_t reply_to = 0) = 0;
  /// A frame that wire::append_frame has made.
  virtual void send_frame(std::string_view frame) = 0;
  /// Asks the half that speaks for more, soon.
  virtual void write_soon() {}
  /// Whether more may be sent now.
  virtual bool wants_more() const = 0;
};

}  // namespace tune
