#pragma once

// What a worker leaves behind when nobody has come for it within its lease: the messages that no controller has
// acknowledged, as one file beside the database, which the next controller takes in as if they had come over the wire
// (fence and numbers included) and deletes once they are stored.
//
// The file: a line `tune hand-in 2 BYTES SHA256`, then the frames of worker.proto, those of large checkpoints before
// the message that names them, each behind its XXH3-64 (8 bytes, little-endian): where the file is damaged, what lies
// before that is still good, as if the connection had broken there. An older worker writes version 1, without them.
// It is written under another name, synced, and renamed, so that it is there whole or not
// at all. It is as large as the spool (spool.h) at most, and what each trial saved last.

#include <functional>
#include <string>

#include "core/runtime/spool.h"

namespace tune {

inline constexpr const char* kHandInSuffix = ".hand-in";
std::string hand_in_path(const std::string& attempts_dir, const std::string& launch);

/// Writes everything in the spool; no file if that is nothing. kIo, kDiskFull: nothing is left of the file.
Result<void> write_hand_in(const std::string& path, Spool& spool);

/// Calls `take` with each message in order. kNotFound: there is none. kDamaged: what is known to be good before the
/// damage has been taken (of a file of version 1: nothing).
Result<void> read_hand_in(const std::string& path, const std::function<void(wire::Envelope)>& take);

/// Where a damaged file is kept once what is good of it is stored.
std::string damaged_hand_in_path(const std::string& path);
void keep_damaged_hand_in(const std::string& path);

/// Takes the file away, and its folder if nothing else is in it.
void delete_hand_in(const std::string& path);

}  // namespace tune
