#include "trainables/command/program_output.h"

#include <unistd.h>

#include <cerrno>

namespace tune {
namespace {

bool passes_stdout_on = true;

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads: the program's reports still count
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void to_stdout(std::string_view bytes) {
  if (passes_stdout_on) write_all(STDOUT_FILENO, bytes);
}

void to_stderr(std::string_view bytes) { write_all(STDERR_FILENO, bytes); }

}  // namespace

void ProgramOutput::print(std::string_view bytes) { printed_.feed(bytes, to_stdout); }

void ProgramOutput::complain(std::string_view bytes) {
  complained_.feed(bytes, [this](std::string_view shown) { pass_on_complaint(shown); });
}

void ProgramOutput::finish() {
  printed_.finish(to_stdout);
  complained_.finish([this](std::string_view shown) { pass_on_complaint(shown); });
  complaint_.finish();
}

void ProgramOutput::pass_on_complaint(std::string_view shown) {
  to_stderr(shown);
  complaint_.feed(shown);
}

void ProgramOutput::note(const std::string& text) { to_stderr("tune: " + text + "\n"); }

void ProgramOutput::keep_off_stdout() { passes_stdout_on = false; }

}  // namespace tune
