#include "trainables/host/compiled_in.h"

#include "trainables/builtin/builtin.h"
#include "trainables/command/command.h"

namespace tune {

CompiledIn compiled_in() {
  return {builtin_trainables(), [](const std::string& command_json) -> Result<const tune_trainable*> {
            set_command_spec(command_json);
            return command_trainable();
          }};
}

}  // namespace tune
