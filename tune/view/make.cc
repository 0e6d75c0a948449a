// Which view a run gets.

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "tune/view/json.h"
#include "tune/view/live.h"
#include "tune/view/plain.h"

namespace tune {

std::unique_ptr<RunView> make_view(const ViewOptions& options) {
  if (options.form == ViewOptions::Form::kJson) return std::make_unique<JsonView>(options);
  const char* term = std::getenv("TERM");
  const bool terminal = isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
  if (options.form == ViewOptions::Form::kAuto && terminal && options.verbosity >= 0) {
    return std::make_unique<LiveView>(options);
  }
  ViewOptions plain = options;
  plain.color = false;
  return std::make_unique<PlainView>(plain);
}

}  // namespace tune
