#include "core/runtime/dialogue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "core/runtime/hand_in.h"
#include "core/runtime/memory_file.h"
#include "core/runtime/proc.h"
#include "core/runtime/rendezvous.h"
#include "core/runtime/socket_dir.h"

namespace tune {
namespace {

constexpr std::chrono::milliseconds kConnectAgain{100};
/// So many fit into a Hello, which may not be long; what is not listed is given up.
constexpr std::size_t kMostListed = 2000;
constexpr std::uint64_t kFetchWindow = wire::kChunkWindow;

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::max(seconds * 1000, 1.0)));
}

}  // namespace

class Dialogue::Sink : public FrameSink {
 public:
  explicit Sink(Link& link) : link_(link) {}
  void send_frame(std::string_view frame) override { link_.send_frame(frame); }
  void send_body(const wire::Body& body) override { link_.send(body); }
  bool wants_more() const override { return link_.is_open() && link_.unsent() < Link::kEnough; }

 private:
  Link& link_;
};

Dialogue::Dialogue(boost::asio::io_context& io, const WorkerOptions& options, std::string token, Events events)
    : io_(io),
      options_(options),
      events_(std::move(events)),
      token_(std::move(token)),
      incarnation_(random_hex(16)),
      socket_(options.socket),
      lease_(options.lease),
      lease_from_(boot_seconds()),
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
  welcome_ = false;
  connect_timer_.cancel();
  beat_timer_.cancel();
  if (link_) link_->close();
  link_.reset();
}

Result<void> Dialogue::hand_in() { return write_hand_in(hand_in_path(options_.attempts_dir, options_.launch), spool_); }

// --- the connection -------------------------------------------------------------------------------------------------

void Dialogue::connect() {
  if (connect_to(socket_)) return;
  const auto called = called_to(options_.attempts_dir, options_.launch);
  if (called && connect_to(*called)) return;
  // Its controller listened before this worker was started, so nobody is there: with nothing to hand over there is
  // nothing to wait for.
  if (events_.held().empty() && spool_.streams().empty()) {
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
      .before_write =
          [this] {
            Sink sink(*link_);
            if (welcome_) spool_.pump(sink);
          },
      .closed = [this](const std::string&) { disconnected(); },
  });
  if (link_) hello();
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
  welcome_ = false;
  link_.reset();
  connect_later();
}

void Dialogue::hello() {
  wire::Hello hello;
  hello.launch = options_.launch;
  hello.worker = incarnation_;
  hello.token = token_;
  hello.resume_key = resume_key_;
  hello.build = TUNE_VERSION;
  hello.host = host_name();
  hello.pid = ::getpid();
  hello.slots = options_.plan.slots;
  hello.epoch_seen = epoch_;
  std::map<Key, Seq> held;
  for (const Key& key : events_.held()) held[key] = 0;
  for (const auto& [key, last] : spool_.streams()) held[key] = last;
  for (const auto& [key, last] : held) {
    if (hello.running.size() < kMostListed) hello.running.push_back({key, last});
  }
  beats_.clear();
  beats_.emplace_back(beat_, boot_seconds());
  link_->send(std::move(hello));
}

void Dialogue::welcomed(const wire::Welcome& welcome) {
  welcome_ = true;
  socket_ = connected_to_;
  epoch_ = welcome.epoch;
  resume_key_ = welcome.resume_key;
  lease_ = welcome.lease_ms / 1000.0;
  heartbeat_ = welcome.heartbeat_ms / 1000.0;
  if (!beats_.empty()) lease_from_ = beats_.front().second;
  std::set<Key> wanted;
  for (const auto& known : welcome.attempts) {
    if (known.fence) continue;
    wanted.insert(known.who);
    spool_.rewind(known.who, known.last_seq);
  }
  std::vector<Key> given_up = events_.held();
  for (const auto& [key, last] : spool_.streams()) given_up.push_back(key);
  for (const Key& key : given_up) {
    if (wanted.contains(key)) continue;
    spool_.forget(key);
    events_.fence(key);
  }
  if (loaded_) say(wire::Loaded{*loaded_});
  for (auto& [id, fetching] : fetching_) {
    fetching.asked = fetching.received;
    ask_for_more(id, fetching);
  }
  link_->write_soon();
  beat();
}

void Dialogue::beat() {
  check_lease();
  if (closed_) return;
  if (welcome_) {
    beats_.emplace_back(++beat_, boot_seconds());
    link_->send(wire::Heartbeat{beat_});
  }
  beat_timer_.expires_after(milliseconds_of(std::min(heartbeat_, lease_ / 5)));
  beat_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) beat();
  });
}

void Dialogue::check_lease() {
  if (boot_seconds() - lease_from_ <= lease_) return;
  events_.alone(fmt::format("no controller has answered for {} s", lease_));
}

// --- what is said ---------------------------------------------------------------------------------------------------

void Dialogue::say_loaded(Result<TrainableInfo> info) {
  loaded_ = std::move(info);
  say(wire::Loaded{*loaded_});
}

void Dialogue::say(const wire::Body& body) {
  if (welcome_) link_->send(body);
}

Result<void> Dialogue::say_kept(const Key& key, const wire::Body& message, Seq seq, bool ends, Fd checkpoint,
                                std::uint64_t size) {
  auto added = spool_.add(key, seq, message, ends, std::move(checkpoint), size);
  if (added && welcome_) link_->write_soon();
  return added;
}

void Dialogue::last_words(double seconds) {
  if (link_) link_->write_now(seconds);
}

// --- what is heard --------------------------------------------------------------------------------------------------

void Dialogue::received(wire::Envelope envelope) {
  wire::Body& body = envelope.body;
  if (const auto* welcome = std::get_if<wire::Welcome>(&body)) return welcomed(*welcome);
  if (const auto* reject = std::get_if<wire::Reject>(&body)) {
    return events_.leave("the controller refuses this worker: " + reject->text);
  }
  if (!welcome_) return;  // nobody speaks before that
  if (const auto* ack = std::get_if<Ack>(&body)) {
    spool_.acknowledge(wire::key_of(*ack), ack->seq);
    events_.ack(*ack);
    events_.room();
  } else if (auto* assign = std::get_if<Assign>(&body)) {
    events_.assign(std::move(*assign));
  } else if (const auto* order = std::get_if<Order>(&body)) {
    events_.order(*order);
  } else if (const auto* part = std::get_if<wire::ChunkAck>(&body)) {
    spool_.acknowledge_chunks(wire::key_of(*part), part->seq, part->received);
    link_->write_soon();
  } else if (auto* bytes = std::get_if<wire::Fetched>(&body)) {
    fetched(std::move(*bytes));
  } else if (const auto* resend = std::get_if<wire::Resend>(&body)) {
    spool_.rewind(wire::key_of(*resend), resend->from_seq - 1);
    link_->write_soon();
  } else if (const auto* fence = std::get_if<wire::Fence>(&body)) {
    spool_.forget(wire::key_of(*fence));
    events_.fence(wire::key_of(*fence));
  } else if (const auto* answer = std::get_if<wire::HeartbeatAck>(&body)) {
    while (!beats_.empty() && beats_.front().first <= answer->n) {
      lease_from_ = std::max(lease_from_, beats_.front().second);
      beats_.pop_front();
    }
  } else if (const auto* goodbye = std::get_if<wire::Goodbye>(&body)) {
    events_.leave(goodbye->reason);
  } else if (const auto* drain = std::get_if<wire::Drain>(&body)) {
    events_.leave(drain->reason);
  }  // anything else is a worker's to say, and ignored
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
  while (welcome_ && fetching.asked < fetching.info.size && fetching.asked - fetching.received < kFetchWindow) {
    const auto size = std::min<std::uint64_t>(wire::kMaxChunk, fetching.info.size - fetching.asked);
    link_->send(wire::Fetch{id, fetching.asked, static_cast<std::uint32_t>(size)});
    fetching.asked += size;
  }
}

void Dialogue::fetched(wire::Fetched part) {
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
