#include "tests/tune/support/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace tune::testing {

// --- Screen
// -----------------------------------------------------------------------------------------------------------

std::size_t Screen::top() const { return lines_.size() > rows_ ? lines_.size() - rows_ : 0; }

void Screen::write(std::string_view bytes) {
  pending_ += bytes;
  std::size_t at = 0;
  while (at < pending_.size()) {
    const char c = pending_[at];
    if (c == '\x1b') {
      if (pending_.size() - at < 2) break;
      const std::size_t end = pending_[at + 1] != '[' ? at + 1 : pending_.find_first_not_of("0123456789;?", at + 2);
      if (end == std::string::npos) break;
      sequence(pending_[end], pending_.substr(at + 2, end - std::min(end, at + 2)));
      at = end + 1;
    } else if (c == '\n') {
      new_line();
      ++at;
    } else if (c == '\r') {
      column_ = 0;
      ++at;
    } else {
      const auto lead = static_cast<unsigned char>(c);
      const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      if (pending_.size() - at < length) break;
      put(std::string_view(pending_).substr(at, length));
      at += length;
    }
  }
  pending_.erase(0, at);
}

void Screen::put(std::string_view character) {
  if (column_ == columns_) {
    new_line();
    column_ = 0;
  }
  auto& line = lines_[line_];
  if (line.size() <= column_) line.resize(column_ + 1, " ");
  line[column_++] = character;
}

void Screen::new_line() {
  if (++line_ == lines_.size()) lines_.emplace_back();
}

void Screen::sequence(char final, const std::string& parameters) {
  const std::size_t number = parameters.empty() ? 0 : static_cast<std::size_t>(std::atoi(parameters.c_str()));
  if (final == 'm') return;
  if (final == 'A') {
    line_ = std::max(top(), line_ - std::min(line_, std::max<std::size_t>(number, 1)));
  } else if (final == 'K' && number == 0) {
    lines_[line_].resize(std::min(lines_[line_].size(), column_));
  } else if (final == 'J' && number == 0) {
    lines_.resize(line_ + 1);
    lines_[line_].resize(std::min(lines_[line_].size(), column_));
  } else if (parameters == "?25" && (final == 'l' || final == 'h')) {
    cursor_shown_ = final == 'h';
  } else {
    not_understood_ = parameters + final;
  }
}

std::string Screen::text() const {
  std::string text;
  for (const auto& line : lines_) {
    for (const std::string& cell : line) text += cell;
    text += '\n';
  }
  return text;
}

// --- Terminal
// ---------------------------------------------------------------------------------------------------------

Terminal::Terminal(const Start& start, int columns, int rows) : screen_(columns, rows) {
  Environment wanted = start.environment;
  wanted.try_emplace("TERM", "xterm");
  std::vector<std::string> arguments = start.command, environment = plain_environment(wanted);
  std::vector<char*> argv, envp;
  for (std::string& text : arguments) argv.push_back(text.data());
  for (std::string& text : environment) envp.push_back(text.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  pid_ = forkpty(&master_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty failed");
  if (pid_ == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
    if (chdir(start.folder.c_str()) == 0) execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  termios settings{};
  tcgetattr(master_, &settings);
  settings.c_lflag |= NOFLSH;  // Ctrl-C would throw away what has been written and not been read yet
  tcsetattr(master_, TCSANOW, &settings);
  fcntl(master_, F_SETFL, O_NONBLOCK);
  fcntl(master_, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  if (!over_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(master_);
}

void Terminal::type(std::string_view keys) {
  if (write(master_, keys.data(), keys.size()) < 0) ADD_FAILURE() << "the terminal takes no keys";
}

void Terminal::take() {
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(master_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;  // nothing more now, or (EIO) nobody holds the other end
    raw_.append(buffer, static_cast<std::size_t>(got));
    screen_.write({buffer, static_cast<std::size_t>(got)});
  }
}

bool Terminal::shows(const std::string& text) {
  take();
  return screen_.text().find(text) != std::string::npos;
}

bool Terminal::is_over() {
  if (!over_) over_ = waitpid(pid_, &status_, WNOHANG) == pid_;
  take();
  return over_;
}

Outcome Terminal::wait(double seconds) {
  if (!eventually([this] { return is_over(); }, seconds)) {
    ADD_FAILURE() << "the program did not end within " << seconds << " s; its screen:\n" << screen();
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
    over_ = true;
  }
  Outcome outcome;
  if (WIFEXITED(status_)) outcome.code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) outcome.signal = WTERMSIG(status_);
  EXPECT_EQ(screen_.not_understood(), "");
  return outcome;
}

std::string Terminal::screen() {
  take();
  return screen_.text();
}

bool Terminal::cursor_is_shown() {
  take();
  return screen_.cursor_is_shown();
}

const std::string& Terminal::raw() {
  take();
  return raw_;
}

}  // namespace tune::testing
