// A worker's options: on its command line what anybody may know, the rest in a memory file.

#include <fmt/format.h>

#include <algorithm>

#include "core/runtime/memory_file.h"
#include "core/runtime/worker.h"
#include "core/text.h"
#include "core/trainable_ref.h"

namespace tune {
namespace {

/// worker_secrets() and back: the token is the first line.
Result<void> take_secrets(WorkerOptions& options, Fd file) {
  const auto size = size_of(file.get());
  if (!size) return tl::unexpected(size.error());
  auto text = read_memfd(file.get(), *size);
  if (!text) return pass_on(std::move(text));
  const std::size_t line_end = text->find('\n');
  if (line_end == std::string::npos) return fail(ErrorCode::kBadInput, "worker: its memory file holds no token");
  auto ref = parse_trainable_ref(std::string_view(*text).substr(line_end + 1));
  if (!ref) return pass_on(std::move(ref));
  options.token = text->substr(0, line_end);
  options.trainable = *std::move(ref);
  return {};
}

}  // namespace

bool operator==(const WorkerOptions& a, const WorkerOptions& b) {
  return a.socket == b.socket && a.launch == b.launch && a.token == b.token && a.host_program == b.host_program &&
         a.trainable == b.trainable && a.plan.slots == b.plan.slots && a.plan.cpu == b.plan.cpu &&
         a.plan.gpu == b.plan.gpu && a.plan.gpus == b.plan.gpus && a.experiment == b.experiment &&
         a.attempts_dir == b.attempts_dir && a.lease == b.lease;
}

std::vector<std::string> worker_arguments(const WorkerOptions& options, int secrets) {
  return {"--socket",     options.socket,
          "--launch",     options.launch,
          "--secrets-fd", std::to_string(secrets),
          "--host",       options.host_program,
          "--slots",      std::to_string(options.plan.slots),
          "--cpu",        format_real(options.plan.cpu),
          "--gpu",        format_real(options.plan.gpu),
          "--gpus",       join(options.plan.gpus, ","),
          "--experiment", options.experiment,
          "--attempts",   options.attempts_dir,
          "--lease",      format_real(options.lease)};
}

std::string worker_secrets(const WorkerOptions& options) { return options.token + "\n" + to_json(options.trainable); }

Result<WorkerOptions> parse_worker_arguments(const std::vector<std::string>& arguments) {
  WorkerOptions options;
  Fd secrets;
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
    } else if (name == "--secrets-fd" && integer && *integer >= 0 && *integer < 1 << 20) {
      secrets = Fd(static_cast<int>(*integer));
    } else if (name == "--host") {
      options.host_program = value;
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
  if (options.socket.empty() || options.launch.empty() || !secrets || options.host_program.empty()) {
    return bad("its command line", join(arguments, " "));
  }
  if (auto taken = take_secrets(options, std::move(secrets)); !taken) return pass_on(std::move(taken));
  return options;
}

}  // namespace tune
