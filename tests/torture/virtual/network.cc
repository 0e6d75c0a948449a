#include "tests/torture/virtual/network.h"

#include <fmt/format.h>

#include <algorithm>

namespace tune::torture {
namespace {

constexpr double kFastest = 0.0005, kSlowest = 0.015;  // seconds a message takes

const char* kNames[] = {"Hello", "Welcome", "Reject",    "Loaded",       "Assign", "Started", "Report", "Saved",
                        "Done",  "Lost",    "Chunk",     "ChunkAck",     "Fetch",  "Fetched", "Ack",    "Resend",
                        "Fence", "Order",   "Heartbeat", "HeartbeatAck", "Drain",  "Goodbye", "Log"};

std::string words_of(const wire::Body& body) {
  std::string text = kNames[body.index()];
  std::visit(
      [&](const auto& message) {
        if constexpr (requires { message.log.seq; }) {
          text += fmt::format(" {}.{} #{}", message.log.trial.value, message.log.attempt.value, message.log.seq);
        } else if constexpr (requires {
                               message.trial.value;
                               message.attempt.value;
                             }) {
          text += fmt::format(" {}.{}", message.trial.value, message.attempt.value);
        }
      },
      body);
  if (const auto* report = std::get_if<ReportMessage>(&body)) text += fmt::format(" step {}", report->log.step);
  if (const auto* ack = std::get_if<Ack>(&body)) {
    text += fmt::format(" #{} verdict {} wait {}", ack->seq, static_cast<int>(ack->verdict), ack->wait.step);
  }
  if (const auto* resend = std::get_if<wire::Resend>(&body)) text += fmt::format(" from #{}", resend->from_seq);
  return text;
}

}  // namespace

void End::send(const wire::Body& body, std::uint64_t reply_to) {
  if (!open_ || !network_->world_.is_alive(owner_)) return;
  std::string frame;
  if (!wire::append_frame(frame, body, next_id_++, reply_to))
    return network_->world_.violate("a message that does not fit");
  if (callbacks_.sends) callbacks_.sends(body);
  network_->transmit(*this, std::move(frame));
}

void End::send_frame(std::string_view frame) {
  if (open_ && network_->world_.is_alive(owner_)) network_->transmit(*this, std::string(frame));
}

void End::write_soon() {
  if (!open_ || write_planned_ || !callbacks_.before_write) return;
  write_planned_ = true;
  network_->world_.after(0, owner_, [weak = self_] {
    const auto self = weak.lock();
    if (!self || !self->open_) return;
    self->write_planned_ = false;
    const auto before_write = self->callbacks_.before_write;  // which may close it
    before_write();
  });
}

void End::close() {
  if (!open_) return;
  open_ = false;
  callbacks_ = {};
  if (const auto peer = peer_.lock()) network_->hang_up(*peer, std::max(last_arrival_, network_->world_.now()));
}

std::pair<std::shared_ptr<End>, std::shared_ptr<End>> Network::connect(Pid worker, Pid controller) {
  auto ends = std::pair(std::make_shared<End>(), std::make_shared<End>());
  const auto set_up = [this](const std::shared_ptr<End>& end, const std::shared_ptr<End>& peer, Pid owner) {
    end->network_ = this;
    end->owner_ = owner;
    end->peer_ = peer;
    end->self_ = end;
    world_.watch(owner, [weak = std::weak_ptr(end)] {
      if (const auto known = weak.lock()) known->close();
    });
  };
  set_up(ends.first, ends.second, worker);
  set_up(ends.second, ends.first, controller);
  ends.first->to_controller_ = true;
  last_ = ends.first;
  return ends;
}

void Network::transmit(End& from, std::string frame) {
  const std::int64_t n = ++sent_[from.to_controller_ ? 1 : 0];
  if (!from.to_controller_) {
    if (const auto found = before_send_.find(n); found != before_send_.end()) {
      const auto what = found->second;
      what();
      if (!from.open_ || !world_.is_alive(from.owner_)) return;
    }
  }
  const auto peer = from.peer_.lock();
  if (!peer) return;
  const double usual = world_.now() + world_.draw(kFastest, kSlowest);
  const double in_order = std::max(from.last_arrival_ + 1e-6, usual);
  world_.note([&] {
    const auto taken = wire::take_frame(frame);
    return fmt::format("{} {}", from.to_controller_ ? "worker    ->" : "controller ->",
                       taken ? words_of(taken->envelope.body) : taken.error().message);
  });
  const auto found = harms_.find({from.to_controller_, n});
  if (found == harms_.end()) {
    from.last_arrival_ = in_order;
    return deliver(peer, in_order, std::move(frame));
  }
  const auto [harm, seconds] = found->second;
  world_.note([&] {
    return fmt::format("            ... which is {}", harm == Harm::kLose     ? "lost"
                                                      : harm == Harm::kRepeat ? "repeated later"
                                                                              : "late, others overtake it");
  });
  if (harm == Harm::kRepeat) {
    from.last_arrival_ = in_order;
    deliver(peer, in_order, frame);
  }
  if (harm != Harm::kLose) deliver(peer, in_order + seconds, std::move(frame));
  damaged(from);
}

void Network::deliver(const std::shared_ptr<End>& to, double when, std::string frame) {
  world_.at(when, to->owner_, [this, weak = std::weak_ptr(to), frame = std::move(frame)] {
    const auto end = weak.lock();
    if (!end || !end->open_ || !end->callbacks_.received) return;
    auto taken = wire::take_frame(frame);
    if (!taken) return world_.violate("a frame that is refused: " + taken.error().message);
    if (taken->used != frame.size()) return world_.violate("a frame that does not come whole");
    const auto received = end->callbacks_.received;  // which may close it
    received(std::move(taken->envelope));
  });
}

void Network::hang_up(End& end, double when) {
  world_.at(when + world_.draw(kFastest, kSlowest), end.owner_, [weak = end.self_] {
    const auto self = weak.lock();
    if (!self || !self->open_) return;
    self->open_ = false;
    const auto closed = self->callbacks_.closed;
    self->callbacks_ = {};
    if (closed) closed();
  });
}

void Network::damaged(End& end) {
  if (std::exchange(end.damaged_, true)) return;
  world_.after(world_.draw(0.05, 1.5), end.owner_, [this, weak = end.self_] {
    const auto self = weak.lock();
    if (!self || !self->open_) return;
    hang_up(*self, world_.now());
    if (const auto peer = self->peer_.lock()) hang_up(*peer, world_.now());
  });
}

void Network::cut() {
  const auto end = last_.lock();
  if (!end) return;
  hang_up(*end, world_.now() - kFastest);
  if (const auto peer = end->peer_.lock()) hang_up(*peer, world_.now() - kFastest);
}

}  // namespace tune::torture
