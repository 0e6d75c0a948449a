#pragma once

// Between plain structs and the generated classes. Private to this folder.

#include "core/wire/envelope.h"
#include "core/wire/worker.pb.h"

namespace tune::wire {

/// Sets the body of `out`.
void to_proto(const Body& body, proto::Envelope& out);

/// Takes the body out of `in`: texts and bytes are moved.
Result<Body> from_proto(proto::Envelope& in);

}  // namespace tune::wire
