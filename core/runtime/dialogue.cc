#include "core/runtime/dialogue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "core/runtime/hand_in.h"
#include "core/runtime/memory_file.h"
#include "core/runtime/proc.h"
#include "core/runtime/rendezvous.h"
#include "core/runtime/socket_dir.h"

namespace tune {
namespace {

constexpr std::chrono::milliseconds kConnectAgain{100};
constexpr std::uint64_t kFetchWindow = wire::kChunkWindow;

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::max(seconds * 1000, 1.0)));
}

wire::Hello hello_of(const WorkerOptions& options, std::string token) {
  wire::Hello hello;
  hello.launch = options.launch;
  hello.worker = random_hex(16);
  hello.token = std::move(token);
  hello.build = TUNE_VERSION;
  hello.host = host_name();
  hello.pid = ::getpid();
  hello.slots = options.plan.slots;
  return hello;
}

Conversation::Events with_welcomed(Conversation::Events events, std::function<void()> welcomed) {
  events.welcomed = std::move(welcomed);
  return events;
}

}  // namespace

Dialogue::Dialogue(boost::asio::io_context& io, const WorkerOptions& options, std::string token, Events events)
    : io_(io),
      options_(options),
      events_(std::move(events)),
      socket_(options.socket),
      conversation_(hello_of(options, std::move(token)), options.lease, boot_seconds(),
                    with_welcomed(events_.conversation, [this] { welcomed(); })),
      connect_timer_(io),
      beat_timer_(io) {}

Dialogue::~Dialogue() { close(); }

void Dialogue::start() {
  connect();
  beat();
}

void Dialogue::close() {
  hang_up();
  *alive_ = false;
}

void Dialogue::hang_up() {
  closed_ = true;
  conversation_.hang_up();
  connect_timer_.cancel();
  beat_timer_.cancel();
  if (link_) link_->close();
  link_.reset();
}

Result<void> Dialogue::hand_in() {
  return write_hand_in(hand_in_path(options_.attempts_dir, options_.launch), conversation_.spool());
}

// --- the connection -------------------------------------------------------------------------------------------------

void Dialogue::connect() {
  if (connect_to(socket_)) return;
  const auto called = called_to(options_.attempts_dir, options_.launch);
  if (called && connect_to(*called)) return;
  // Its controller listened before this worker was started, so nobody is there: with nothing to hand over there is
  // nothing to wait for.
  if (events_.conversation.held().empty() && conversation_.spool().streams().empty()) {
    return events_.alone("the controller is gone and nothing runs here");
  }
  connect_later();
}

bool Dialogue::connect_to(const std::string& path) {
  Link::Socket socket(io_);
  boost::system::error_code error;
  try {
    socket.connect(boost::asio::local::stream_protocol::endpoint(path), error);
  } catch (const boost::system::system_error&) {  // a path that is too long is none of ours
    return false;
  }
  if (error || !is_of_this_user(socket.native_handle())) return false;
  connected_to_ = path;
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  link_ = std::make_shared<Link>(io_, std::move(socket), wire::kMaxEnvelope);
  link_->start({
      .received = [this](wire::Envelope envelope) { received(std::move(envelope)); },
      .before_write = [this] { conversation_.pump(); },
      .closed = [this](const std::string&) { disconnected(); },
  });
  if (link_) conversation_.open(*link_, boot_seconds());
  return true;
}

void Dialogue::connect_later() {
  if (closed_) return;
  connect_timer_.expires_after(kConnectAgain);
  connect_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) connect();
  });
}

void Dialogue::disconnected() {
  conversation_.close();
  link_.reset();
  connect_later();
}

void Dialogue::welcomed() {
  socket_ = connected_to_;
  if (loaded_) say(wire::Loaded{*loaded_});
  for (auto& [id, fetching] : fetching_) {
    fetching.asked = fetching.received;
    ask_for_more(id, fetching);
  }
}

void Dialogue::beat() {
  check_lease();
  if (closed_) return;
  conversation_.beat(boot_seconds());
  beat_timer_.expires_after(milliseconds_of(conversation_.beat_every()));
  beat_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) beat();
  });
}

void Dialogue::check_lease() {
  if (!conversation_.is_over(boot_seconds())) return;
  events_.alone(fmt::format("no controller has answered for {} s", conversation_.lease()));
}

// --- what is said ---------------------------------------------------------------------------------------------------

void Dialogue::say_loaded(Result<TrainableInfo> info) {
  loaded_ = std::move(info);
  say(wire::Loaded{*loaded_});
}

void Dialogue::last_words(double seconds) {
  if (link_) link_->write_now(seconds);
}

// --- what is heard --------------------------------------------------------------------------------------------------

void Dialogue::received(wire::Envelope envelope) {
  std::optional<wire::Fetched> part;
  if (auto* bytes = std::get_if<wire::Fetched>(&envelope.body)) part = std::move(*bytes);
  if (!conversation_.receive(std::move(envelope), boot_seconds())) {
    link_->close();
    return disconnected();
  }
  if (part) fetched(*part);
}

// --- checkpoints to continue from -----------------------------------------------------------------------------------

void Dialogue::fetch(CheckpointId id, const CheckpointInfo& info, std::function<void(Result<Fd>)> done) {
  Fetching& fetching = fetching_[id];
  fetching.done.push_back(std::move(done));
  if (fetching.done.size() > 1) return;
  fetching.info = info;
  auto file = empty_memory_file(info.size);
  if (!file) return finish_fetch(id, pass_on(std::move(file)));
  fetching.file = *std::move(file);
  if (info.size == 0) return finish_fetch(id, {});
  ask_for_more(id, fetching);
}

void Dialogue::ask_for_more(CheckpointId id, Fetching& fetching) {
  while (conversation_.is_welcome() && fetching.asked < fetching.info.size &&
         fetching.asked - fetching.received < kFetchWindow) {
    const auto size = std::min<std::uint64_t>(wire::kMaxChunk, fetching.info.size - fetching.asked);
    link_->send(wire::Fetch{id, fetching.asked, static_cast<std::uint32_t>(size)});
    fetching.asked += size;
  }
}

void Dialogue::fetched(const wire::Fetched& part) {
  const auto found = fetching_.find(part.checkpoint);
  if (found == fetching_.end()) return;
  Fetching& fetching = found->second;
  if (!part.error.empty()) return finish_fetch(part.checkpoint, fail(ErrorCode::kIo, part.error));
  if (part.offset != fetching.received) return;  // asked for twice, over a reconnect
  const std::uint64_t expected = std::min<std::uint64_t>(wire::kMaxChunk, fetching.info.size - fetching.received);
  if (part.data.size() != expected) {
    return finish_fetch(part.checkpoint, fail(ErrorCode::kDamaged, "the stored checkpoint is shorter than it was"));
  }
  if (auto written = write_at(fetching.file.get(), part.offset, part.data); !written) {
    return finish_fetch(part.checkpoint, std::move(written));
  }
  fetching.received += part.data.size();
  if (fetching.received == fetching.info.size) return finish_fetch(part.checkpoint, {});
  ask_for_more(part.checkpoint, fetching);
}

void Dialogue::finish_fetch(CheckpointId id, Result<void> result) {
  Fetching fetching = std::move(fetching_.at(id));
  fetching_.erase(id);
  if (result) result = seal(fetching.file.get());
  if (result) {
    const auto hash = hash_of(fetching.file.get(), fetching.info.size);
    if (!hash) {
      result = tl::unexpected(hash.error());
    } else if (*hash != fetching.info.sha256) {
      result = fail(ErrorCode::kDamaged, "the stored checkpoint is not what was written: its hash differs");
    }
  }
  for (const auto& done : fetching.done) {
    if (!result) {
      done(tl::unexpected(result.error()));
      continue;
    }
    const int copy = ::fcntl(fetching.file.get(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
      done(fail(ErrorCode::kIo, "too many open files"));
    } else {
      done(Fd(copy));
    }
  }
}

}  // namespace tune
