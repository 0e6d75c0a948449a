#include "tests/runtime/trial_side/host_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "core/trainable_ref.h"

namespace tune {
namespace {

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

template <class T>
T expect_frame(Channel& channel) {
  auto received = channel.receive();
  if (!received || !*received || !std::holds_alternative<T>((*received)->frame))
    TrialProcess::throw_unexpected(received);
  return std::get<T>((*received)->frame);
}

}  // namespace

Spawn spawn_in(std::int64_t slot) {
  Spawn spawn;
  spawn.slot = slot;
  return spawn;
}

std::string test_host() { return std::string(TEST_FOLDER) + "/bin/trial_side_host"; }

std::string library_path(const std::string& library) { return std::string(TEST_FOLDER) + "/lib" + library + ".so"; }

Assign simple_assign(const std::string& config_json) {
  Assign assign;
  assign.trial = TrialId{1};
  assign.attempt = Attempt{1};
  assign.trial_name = "test-00001";
  assign.config_json = config_json;
  return assign;
}

std::string read_to_end(int fd) {
  std::string all;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) > 0) all.append(buffer, static_cast<std::size_t>(got));
  return all;
}

void TrialProcess::throw_unexpected(const Result<std::optional<ReceivedFrame>>& received) {
  if (!received) throw std::runtime_error("channel: " + received.error().message);
  if (!*received) throw std::runtime_error("the channel ended");
  throw std::runtime_error("an unexpected frame of kind " + std::to_string((*received)->frame.index()));
}

void TrialProcess::begin(const Assign& assign, const std::string& checkpoint) {
  Begin begin{assign, {}, assign.checkpoint.has_value()};
  std::vector<int> carried;
  Fd memory;
  if (checkpoint.size() > kInlineInFrame) {
    memory = make_memfd(checkpoint).value();
    carried.push_back(memory.get());
  } else {
    begin.assign.checkpoint_bytes = checkpoint;
  }
  if (!channel.send(begin, carried)) throw std::runtime_error("cannot send Begin");
}

bool TrialProcess::at_end() {
  const auto received = channel.receive();
  return received && !*received;
}

std::string TrialProcess::read_output() { return read_to_end(output.get()); }

HostProcess::HostProcess(const std::string& library, const std::string& name, std::vector<std::string> options)
    : HostProcess(test_host(), {TrainableRef::Kind::kLibrary, name, library_path(library), {}, Isolation::kAuto},
                  std::move(options)) {}

HostProcess::HostProcess(const std::string& program, const TrainableRef& ref, std::vector<std::string> options) {
  auto [ours, theirs] = Channel::pair().value();
  auto [read_end, write_end] = make_pipe();
  std::vector<std::string> arguments = {"tune-host", "--fd", "3"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(write_end.get(), STDOUT_FILENO);
    const int high = ::fcntl(theirs.fd(), F_DUPFD, 50);
    ::dup2(high, 3);
    ::close(high);
    ::execv(program.c_str(), argv.data());
    _exit(127);
  }
  channel_ = std::move(ours);
  output_ = std::move(read_end);
  if (!channel_.send(Load{to_json(ref)})) throw std::runtime_error("cannot send Load");
}

HostProcess::~HostProcess() {
  close();
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

Ready HostProcess::ready() { return expect_frame<Ready>(channel_); }

Spawned HostProcess::ask(const Spawn& spawn, const std::vector<int>& descriptors) {
  if (!channel_.send(spawn, descriptors)) throw std::runtime_error("cannot send Spawn");
  return expect_frame<Spawned>(channel_);
}

TrialProcess HostProcess::spawn(const Spawn& spawn) {
  auto [ours, theirs] = Channel::pair().value();
  auto [read_end, write_end] = make_pipe();
  const Spawned spawned = ask(spawn, {theirs.fd(), write_end.get()});
  if (spawned.slot != spawn.slot) throw std::runtime_error("another slot's answer");
  return {static_cast<pid_t>(spawned.pid), spawned.error, std::move(ours), std::move(read_end), {}};
}

Exited HostProcess::exited() { return expect_frame<Exited>(channel_); }

void HostProcess::close() { channel_ = Channel(); }

int HostProcess::wait() {
  int status = -1;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

std::string HostProcess::read_output() { return read_to_end(output_.get()); }

}  // namespace tune
