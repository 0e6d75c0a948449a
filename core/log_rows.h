#pragma once

// Events and decisions as flat rows: the form that is stored, hashed and read by people (docs/formats/database.md).
// decode(encode(x)) == x, bit for bit, NaN and infinities included.

#include <string>

#include "core/log.h"
#include "core/result.h"

namespace tune {

struct EventRow {
  std::int64_t n = 0;
  std::string kind;         ///< run_started reported saved ended lost commanded edited ticked
  std::int64_t trial = -1;  ///< -1: none
  std::int32_t attempt = 0;
  std::int64_t seq = 0;
  std::int64_t step = 0;
  double at = 0;
  double elapsed = 0;
  std::string payload;  ///< JSON: the metrics of a report; the other fields of other kinds; may be empty
  std::string extra;    ///< of reported: checkpoint and non-numeric values as JSON, else empty
};

struct DecisionRow {
  std::string kind;  ///< start resume judged finish exploit unpark hold release withdraw end
  std::int64_t trial = -1;
  std::string args;  ///< JSON
  std::string reason;
};

EventRow encode(const Event& event);
Result<Event> decode(const EventRow& row);
DecisionRow encode(const Decision& decision);
Result<Decision> decode(const DecisionRow& row);

}  // namespace tune
