#include "tests/runtime/worker_side/rig.h"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "core/json.h"
#include "core/runtime/proc.h"
#include "core/sha256.h"

namespace tune {

void MemoryChannel::write(std::uint64_t key, std::string bytes, std::function<void(Result<void>)> done) {
  unwritten_ += bytes.size();
  most_unwritten = std::max(most_unwritten, unwritten_);
  boost::asio::post(io_, [this, key, bytes = std::move(bytes), done = std::move(done)] {
    unwritten_ -= bytes.size();
    if (failures > 0) {
      --failures;
      return done(fail(failure, "no space left"));
    }
    if (abandoned_.contains(key)) return;
    writing[key] += bytes;
    done({});
  });
}

void MemoryChannel::finish(std::uint64_t key, std::function<void(Result<CheckpointInfo>)> done) {
  boost::asio::post(io_, [this, key, done = std::move(done)] {
    finished[key] = std::move(writing[key]);
    writing.erase(key);
    done(CheckpointInfo{finished[key].size(), sha256_hex(finished[key]), true});
  });
}

void MemoryChannel::read(CheckpointId id, std::uint64_t offset, std::size_t size,
                         std::function<void(Result<std::string>)> done) {
  boost::asio::post(io_, [this, id, offset, size, done = std::move(done)] {
    const auto found = stored.find(id);
    if (found == stored.end()) return done(fail(ErrorCode::kNotFound, "no such checkpoint"));
    done(offset < found->second.size() ? found->second.substr(offset, size) : std::string());
  });
}

Rig::Rig(TrainableRef trainable, std::int64_t slots) {
  options.trainable = std::move(trainable);
  options.plan.slots = slots;
  options.experiment = "rig";
  options.attempts_dir = "/dev/shm/tune-rig-" + std::to_string(::getpid());
  options.worker_command = {TEST_WORKER};
  options.host_program = TEST_HOST;
  options.log = [this](const std::string& line) { log.push_back(line); };
}

Rig::~Rig() {
  if (workers) workers->shut_down();
}

TrainableRef scripted(Isolation isolation) {
  TrainableRef ref;
  ref.name = "scripted";
  ref.isolation = isolation;
  return ref;
}

Assign make_assign(std::int64_t trial, const std::string& config_json) {
  Assign assign;
  assign.trial = TrialId{trial};
  assign.attempt = Attempt{1};
  assign.trial_name = "rig-" + std::to_string(trial);
  assign.config_json = config_json;
  return assign;
}

void Rig::on_ready(Result<TrainableInfo> info) { ready = std::move(info); }

void Rig::on_message(WorkerMessage message, std::uint64_t key) {
  if (key != 0) large[key] = messages.size();
  messages.push_back(std::move(message));
  const auto acknowledge = [&](const auto& log) {
    Ack ack{log.trial, log.attempt, log.seq, Verdict::kContinue, {}};
    if (answer) ack = answer(ack);
    if (answers) workers->acknowledge(ack);
  };
  if (const auto* report = std::get_if<ReportMessage>(&messages.back())) acknowledge(report->log);
  if (const auto* saved = std::get_if<SavedMessage>(&messages.back())) acknowledge(saved->log);
  if (const auto* end = std::get_if<DoneMessage>(&messages.back())) acknowledge(end->log);
}

void Rig::on_lost(std::vector<std::pair<TrialId, Attempt>> attempts, std::string why) {
  lost.insert(lost.end(), attempts.begin(), attempts.end());
  lost_why = std::move(why);
}

Result<TrainableInfo> Rig::start() {
  workers = std::make_unique<ProcessWorkers>(io, options);
  workers->start(*this, channel);
  if (!until([&] { return ready || unusable; })) return fail(ErrorCode::kInternal, "nothing happens");
  if (unusable) return tl::unexpected(*unusable);
  return *ready;
}

bool Rig::until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    if (io.stopped()) io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return true;
}

DoneMessage Rig::run(Assign assign) {
  const std::int64_t trial = assign.trial.value;
  workers->assign(std::move(assign));
  until([&] { return done(trial) != nullptr; });
  return done(trial) ? *done(trial) : DoneMessage();
}

const DoneMessage* Rig::done(std::int64_t trial) const {
  for (const WorkerMessage& message : messages) {
    const auto* end = std::get_if<DoneMessage>(&message);
    if (end && end->log.trial.value == trial) return end;
  }
  return nullptr;
}

std::vector<ReportMessage> Rig::reports(std::int64_t trial) const {
  std::vector<ReportMessage> found;
  for (const WorkerMessage& message : messages) {
    const auto* report = std::get_if<ReportMessage>(&message);
    if (report && report->log.trial.value == trial) found.push_back(*report);
  }
  return found;
}

pid_t Rig::pid(std::int64_t trial) const {
  pid_t pid = 0;
  for (const WorkerMessage& message : messages) {
    const auto* started = std::get_if<Started>(&message);
    if (started && started->trial.value == trial) pid = static_cast<pid_t>(started->pid);
  }
  return pid;
}

pid_t Rig::worker_pid() const {
  const auto launches = parse_json(workers->launches_json());
  return launches && !launches->list().empty() ? static_cast<pid_t>(launches->list()[0].find("pid")->integer()) : 0;
}

bool is_alive(pid_t pid) { return process_start(pid).has_value(); }

}  // namespace tune
