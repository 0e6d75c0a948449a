#include "trainables/host/describe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "core/channel.h"
#include "core/trainable_ref.h"
#include "trainables/host/process.h"
#include "trainables/run/info.h"

namespace tune {
namespace {

// A terminate handler takes no argument, so what it needs stands here while a library loads.
std::function<void(const Error&)>* on_terminate = nullptr;
std::string* loading = nullptr;

[[noreturn]] void say_last_words() {
  std::string what = "an exception that is no std::exception";
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
    what = "std::terminate was called";
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  if (on_terminate != nullptr) {
    (*on_terminate)({ErrorCode::kTrial, fmt::format("{} fails while it is loaded: {}", *loading, what), {}});
  }
  std::fflush(nullptr);
  _exit(1);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Result<LoadedTrainable> load_alone(const TrainableRef& ref, const CompiledIn& compiled_in,
                                   std::function<void(const Error&)> last_words) {
  set_thread_environment(1);
  std::string name = ref.kind == TrainableRef::Kind::kLibrary ? shown_path(ref.library) : ref.name;
  loading = &name;
  on_terminate = &last_words;
  const auto before = std::set_terminate(say_last_words);
  auto loaded = load_trainable(ref, compiled_in);
  if (loaded) {
    if (auto prepared = prepare_trainable(*loaded); !prepared) loaded = pass_on(std::move(prepared));
  }
  std::set_terminate(before);
  on_terminate = nullptr;
  loading = nullptr;
  return loaded;
}

int describe(const std::string& ref_json, const CompiledIn& compiled_in) {
  const Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  const auto print = [&](const Result<TrainableInfo>& info) { write_all(out.get(), description_to_json(info) + "\n"); };
  const auto ref = parse_trainable_ref(ref_json);
  if (!ref) {
    print(tl::unexpected<Error>(ref.error()));
    return 1;
  }
  const auto loaded = load_alone(*ref, compiled_in, [&](const Error& e) { print(tl::unexpected<Error>(e)); });
  print(loaded.map([](const LoadedTrainable& l) { return l.info; }));
  std::fflush(nullptr);
  _exit(loaded ? 0 : 1);  // without the library's destructors: what was wanted is said
}

}  // namespace tune
