#include "core/log.h"

#include "core/log_names.h"
#include "core/utf8.h"

namespace tune {

void mend_texts(EventBody& body) {
  if (auto* report = std::get_if<Reported>(&body)) {
    for (auto& [name, value] : report->metrics) name = mended(name);
    report->extra = mended(report->extra);
  } else if (auto* ended = std::get_if<Ended>(&body)) {
    ended->text = mended(ended->text);
  } else if (auto* lost = std::get_if<Lost>(&body)) {
    lost->why = mended(lost->why);
  }
}

std::string_view end_why_name(EndWhy why) { return kEndWhyNames.name(why); }

}  // namespace tune
