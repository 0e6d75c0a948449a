#include "core/runtime/host_command.h"

#include <fmt/format.h>

#include <cstdlib>

#include "core/runtime/elf.h"

namespace tune {
namespace {

/// The runtime of AddressSanitizer that a file asks for; empty: none.
std::string sanitizer_of(const ElfFacts& facts) {
  for (const std::string& name : facts.needed) {
    if (name.starts_with("libasan.so") || name.starts_with("libclang_rt.asan")) return name;
  }
  return {};
}

/// A program marks itself `tune-program-interface:1:0.1.0` (interface, version of its headers).
Result<HostCommand> own_server(const std::string& program) {
  const auto mark = text_after(program, kProgramMark);
  if (!mark) {
    return fail(ErrorCode::kTrial, fmt::format("{} is a program, and none that runs trials itself", program),
                "call tune::init(argc, argv) first in its main, or build its trainable as a library");
  }
  const std::string interface = mark->substr(0, mark->find(':'));
  if (interface != kProgramInterface) {
    const std::size_t colon = mark->find(':');
    return fail(ErrorCode::kTrial,
                fmt::format("{} was built with the headers of tune {} (program interface {}); this is tune {} "
                            "(interface {})",
                            program, colon == std::string::npos ? "?" : mark->substr(colon + 1), interface,
                            TUNE_VERSION, kProgramInterface),
                "build it again with the headers of this tune");
  }
  // Read by OpenMP and BLAS when the program is loaded, which is before it can set them itself.
  return HostCommand{{program, kHostArgument}, {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1"}};
}

}  // namespace

Result<HostCommand> host_command(const WorkerOptions& options) {
  HostCommand command{{options.host_program}, {}};
  if (options.trainable.kind != TrainableRef::Kind::kLibrary) return command;
  const auto facts = read_elf(options.trainable.library);
  if (!facts) return command;  // whoever loads it says what is wrong
  if (facts->is_program) return own_server(options.trainable.library);
  const std::string sanitizer = sanitizer_of(*facts);
  const auto host = read_elf(options.host_program);
  if (sanitizer.empty() || (host && !sanitizer_of(*host).empty())) return command;
  const char* before = std::getenv("LD_PRELOAD");
  command.environment.push_back("LD_PRELOAD=" + sanitizer + (before != nullptr ? std::string(":") + before : ""));
  return command;
}

}  // namespace tune
