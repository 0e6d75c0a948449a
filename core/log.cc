#include "core/log.h"

#include "core/log_names.h"

namespace tune {

std::string_view end_why_name(EndWhy why) { return kEndWhyNames.name(why); }

}  // namespace tune
