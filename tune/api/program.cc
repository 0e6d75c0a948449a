#include "tune/api/program.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "core/runtime/host_command.h"
#include "trainables/host/compiled_in.h"
#include "trainables/host/host_main.h"
#include "trainables/include/tune/abi.h"
#include "tune/api/include/tune/experiment.h"
#include "tune/api/include/tune/init.h"
#include "tune/loop/launch.h"
#include "tune/session/session.h"

namespace tune {
namespace {

namespace fs = std::filesystem;

static_assert(std::string_view(TUNE_PROGRAM_MARK) == kProgramMark);
static_assert(std::string_view(TUNE_HOST_ARGUMENT) == kHostArgument);
static_assert(std::string_view(kNameless) == kUnregistered);

/// Host program of a worker that shall make the fork server from a copy of itself.
constexpr const char* kItself = "(itself)";

struct Modules {
  std::mutex mutex;
  std::vector<const tune_library* (*)()> libraries;
  const tune_trainable* own = nullptr;  // what copies of this process are to run
};
Modules& modules() {
  static Modules all;  // filled before main
  return all;
}

std::atomic<bool> init_was_called{false};

std::vector<const tune_trainable*> registered_tables() {
  std::vector<const tune_trainable*> tables;
  const std::lock_guard lock(modules().mutex);
  for (const auto library : modules().libraries) {
    const tune_library* content = library();
    for (std::size_t i = 0; content != nullptr && i < content->count; ++i) tables.push_back(content->trainables[i]);
  }
  return tables;
}

/// Fork server in a copy of this process.
int host_entry(int argc, char** argv) { return host_main(argc, argv, program_trainables(modules().own)); }

/// A program of tune's own that was installed, or built, together with this library; empty if it is not there.
std::string neighbour(const char* name) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&host_entry), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  const fs::path library = fs::canonical(info.dli_fname, error);
  const fs::path path = library.parent_path().parent_path() / "bin" / name;
  return !error && fs::exists(path, error) ? path.string() : std::string();
}

/// Threads of this process. Libraries that know how to fork (OpenBLAS) end theirs when somebody does; ThreadSanitizer
/// keeps one, which it gives to a copy as well, and which is not counted.
int threads_when_forked() {
  static const int of_sanitizer = ::dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr ? 1 : 0;
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  // The kernel takes an ended thread from its list a moment after its end is known.
  for (int i = 0; i < 100 && count_tasks() - of_sanitizer > 1; ++i) ::usleep(100);
  return count_tasks() - of_sanitizer;
}

Result<ProcessPlan> fork_copy(const ExperimentSpec& spec, const tune_trainable* own, const char* what) {
  if (const int threads = threads_when_forked(); threads > 1) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the trainable of '{}' is {} in a program that has {} threads, of which a copy would hang",
                            spec.name, what, threads),
                "register it (TUNE_FUNCTION, TUNE_TRAINABLE) and call tune::init(argc, argv) first in main, or ask for "
                "threads: {train, {.isolation = TUNE_THREAD}}");
  }
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  modules().own = own;  // as the copy sees it
  auto zygote = Zygote::start(host_entry);
  modules().own = nullptr;
  if (!zygote) return pass_on(std::move(zygote));
  ProcessPlan placement;
  placement.worker_command = {program_path()};
  placement.host_program = program_path();
  placement.zygote = *std::move(zygote);
  return placement;
}

bool may_run_in_threads(const ExperimentSpec& spec) {
  return !spec.limits.time && !spec.limits.silence && !spec.limits.output && spec.resources.memory == 0 &&
         spec.resources.elastic == Elastic::kNone;
}

/// The table of a trainable that is in this program; null: it is not.
const tune_trainable* table_of(const TrainableRef& ref, const tune_trainable* own) {
  if (ref.kind != TrainableRef::Kind::kLibrary) return nullptr;
  std::error_code error;
  if (ref.library != program_path() && !fs::equivalent(ref.library, program_path(), error)) return nullptr;
  if (ref.name == kUnregistered) return own;
  const auto tables = registered_tables();
  const auto found = std::ranges::find_if(tables, [&](const tune_trainable* t) { return ref.name == t->name; });
  return found != tables.end() ? *found : ref.name.empty() && tables.size() == 1 ? tables.front() : nullptr;
}

}  // namespace

const std::string& program_path() {
  static const std::string path = own_program();
  return path;
}

bool is_registered(const std::string& name) {
  const auto tables = registered_tables();
  return std::ranges::any_of(tables, [&](const tune_trainable* table) { return name == table->name; });
}

CompiledIn program_trainables(const tune_trainable* own) {
  CompiledIn all = compiled_in();
  all.program = program_path();
  all.registered = registered_tables();
  if (own != nullptr) all.registered.push_back(own);
  return all;
}

Result<ProcessPlan> plan_processes(const ExperimentSpec& spec, const tune_trainable* own) {
  const tune_trainable* table = table_of(spec.trainable, own);
  const bool declares_threads = table != nullptr && spec.trainable.isolation == Isolation::kAuto &&
                                table->isolation == TUNE_THREAD && may_run_in_threads(spec);
  if (declares_threads || runs_in_threads(spec)) {
    ProcessPlan placement;
    placement.threads = true;
    return placement;
  }
  if (table != nullptr && table == own) return fork_copy(spec, own, "a function or class without a name");

  const std::string tune = neighbour("tune"), tune_host = neighbour("tune-host");
  ProcessPlan placement;
  if (!tune.empty() && !tune_host.empty() && (table == nullptr || init_was_called)) {
    placement.worker_command = {tune, "__worker"};
    placement.host_program = tune_host;
    return placement;
  }
  if (init_was_called) {
    placement.worker_command = {program_path(), TUNE_WORKER_ARGUMENT};
    placement.host_program = kItself;
    return placement;
  }
  return fork_copy(spec, own, table != nullptr ? "registered" : "to be run by a copy of this program");
}

namespace registration {

int add_module(const tune_library* (*library)()) {
  const std::lock_guard lock(modules().mutex);
  auto& all = modules().libraries;
  if (std::ranges::find(all, library) == all.end()) all.push_back(library);
  return static_cast<int>(all.size());
}

void enter(int argc, char** argv, const char* mark) {
  const char* interface = mark + std::strlen(TUNE_PROGRAM_MARK);
  if (std::strncmp(interface, kProgramInterface, std::strlen(kProgramInterface)) != 0) {
    std::fprintf(stderr, "%s was built with the headers of another tune (program interface %s; this is %s)\n",
                 argc > 0 ? argv[0] : "this program", interface, TUNE_VERSION);
    std::exit(1);
  }
  init_was_called = true;
  if (argc < 2) return;
  if (std::strcmp(argv[1], TUNE_HOST_ARGUMENT) == 0) {
    const int code = host_main(argc - 1, argv + 1, program_trainables(nullptr));
    std::fflush(nullptr);
    ::_exit(code);  // the program's own destructors are for its own main
  }
  if (std::strcmp(argv[1], TUNE_WORKER_ARGUMENT) == 0) {
    auto options = parse_worker_arguments({argv + 2, argv + argc});
    int code = 2;
    if (options) {
      if (options->host_program == kItself && table_of(options->trainable, nullptr) == nullptr) {
        options->host_entry = host_entry;
      }
      code = run_worker(*options);
    }
    std::fflush(nullptr);
    ::_exit(code);
  }
}

}  // namespace registration
}  // namespace tune
