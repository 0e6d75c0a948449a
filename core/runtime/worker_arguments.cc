// A worker's options on its command line.

#include <fmt/format.h>

#include <algorithm>

#include "core/runtime/worker.h"
#include "core/text.h"
#include "core/trainable_ref.h"

namespace tune {

bool operator==(const WorkerOptions& a, const WorkerOptions& b) {
  return a.socket == b.socket && a.launch == b.launch && a.token_fd == b.token_fd && a.host_program == b.host_program &&
         a.trainable == b.trainable && a.plan.slots == b.plan.slots && a.plan.cpu == b.plan.cpu &&
         a.plan.gpu == b.plan.gpu && a.plan.gpus == b.plan.gpus && a.experiment == b.experiment &&
         a.attempts_dir == b.attempts_dir && a.lease == b.lease;
}

std::vector<std::string> worker_arguments(const WorkerOptions& options) {
  return {"--socket",     options.socket,
          "--launch",     options.launch,
          "--token-fd",   std::to_string(options.token_fd),
          "--host",       options.host_program,
          "--trainable",  to_json(options.trainable),
          "--slots",      std::to_string(options.plan.slots),
          "--cpu",        format_real(options.plan.cpu),
          "--gpu",        format_real(options.plan.gpu),
          "--gpus",       join(options.plan.gpus, ","),
          "--experiment", options.experiment,
          "--attempts",   options.attempts_dir,
          "--lease",      format_real(options.lease)};
}

Result<WorkerOptions> parse_worker_arguments(const std::vector<std::string>& arguments) {
  WorkerOptions options;
  const auto bad = [](const std::string& name, const std::string& value) {
    return fail(ErrorCode::kBadInput, fmt::format("worker: {} cannot be '{}'", name, value),
                "tune starts its workers itself; they are not made to be started by hand");
  };
  if (arguments.size() % 2 != 0) return bad(arguments.back(), "without a value");
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string &name = arguments[i], &value = arguments[i + 1];
    const auto integer = parse_integer(value);
    const auto real = parse_real(value);
    if (name == "--socket") {
      options.socket = value;
    } else if (name == "--launch") {
      options.launch = value;
    } else if (name == "--token-fd" && integer && *integer >= 0 && *integer < 1 << 20) {
      options.token_fd = static_cast<int>(*integer);
    } else if (name == "--host") {
      options.host_program = value;
    } else if (name == "--trainable") {
      auto ref = parse_trainable_ref(value);
      if (!ref) return pass_on(std::move(ref));
      options.trainable = *std::move(ref);
    } else if (name == "--slots" && integer && *integer >= 1) {
      options.plan.slots = *integer;
    } else if (name == "--cpu" && real && *real >= 0) {
      options.plan.cpu = *real;
    } else if (name == "--gpu" && real && *real >= 0) {
      options.plan.gpu = *real;
    } else if (name == "--gpus") {
      for (std::size_t at = 0; at < value.size();) {
        const std::size_t comma = std::min(value.find(',', at), value.size());
        options.plan.gpus.push_back(value.substr(at, comma - at));
        at = comma + 1;
      }
    } else if (name == "--experiment") {
      options.experiment = value;
    } else if (name == "--attempts") {
      options.attempts_dir = value;
    } else if (name == "--lease" && real && *real > 0) {
      options.lease = *real;
    } else {
      return bad(name, value);
    }
  }
  if (options.socket.empty() || options.launch.empty() || options.token_fd < 0 || options.host_program.empty()) {
    return bad("its command line", join(arguments, " "));
  }
  return options;
}

}  // namespace tune
