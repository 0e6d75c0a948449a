#include "core/rules.h"

namespace tune {

std::int64_t Retries::for_cause(Cause cause) const {
  switch (cause) {
    case Cause::kException:
      return exception;
    case Cause::kExit:
      return exit;
    case Cause::kSignal:
      return signal;
    case Cause::kMemory:
      return memory;
    case Cause::kTimeLimit:
      return time;
    case Cause::kHang:
      return hang;
    default:
      return 0;
  }
}

}  // namespace tune
