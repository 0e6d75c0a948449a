#include "core/rules.h"

#include "core/names.h"

namespace tune {
namespace {

constexpr auto kElasticNames = name_table<Elastic>({
    {Elastic::kNone, "none"},
    {Elastic::kShares, "shares"},
    {Elastic::kTop, "top"},
});

}  // namespace

std::string_view elastic_name(Elastic elastic) { return kElasticNames.name(elastic); }

std::int64_t Retries::for_cause(Cause cause) const {
  switch (cause) {
    case Cause::kException: return exception;
    case Cause::kExit: return exit;
    case Cause::kSignal: return signal;
    case Cause::kMemory: return memory;
    case Cause::kTimeLimit: return time;
    case Cause::kHang: return hang;
    default: return 0;
  }
}

}  // namespace tune
