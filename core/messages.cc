#include "core/messages.h"

#include "core/names.h"

namespace tune {
namespace {

constexpr auto kIsolationNames = name_table<Isolation>({
    {Isolation::kAuto, "auto"},
    {Isolation::kProcess, "process"},
    {Isolation::kReuse, "reuse"},
    {Isolation::kThread, "thread"},
});

}  // namespace

std::string_view isolation_name(Isolation isolation) { return kIsolationNames.name(isolation); }

}  // namespace tune
