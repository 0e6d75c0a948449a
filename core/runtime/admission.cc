#include "core/runtime/admission.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <chrono>

#include "core/runtime/socket_dir.h"
#include "core/sha256.h"

namespace tune {
namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::milliseconds kRest{100};
constexpr std::size_t kMaxGuests = 16;

bool same_secret(const std::string& a, const std::string& b) {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

struct Admission::Guest {
  explicit Guest(boost::asio::io_context& io) : patience(io) {}
  std::shared_ptr<Link> link;
  boost::asio::steady_timer patience;
  bool is_in = false;
};

Admission::Admission(boost::asio::io_context& io, Link::Callbacks callbacks, Admitted admitted)
    : io_(io), callbacks_(std::move(callbacks)), admitted_(std::move(admitted)), acceptor_(io), rest_(io) {}

Admission::~Admission() {
  *alive_ = false;
  close();
}

Result<void> Admission::listen(const std::string& path) {
  try {
    const boost::asio::local::stream_protocol::endpoint endpoint(path);
    acceptor_.open(endpoint.protocol());
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.bind(endpoint);
    acceptor_.listen();
  } catch (const boost::system::system_error& error) {
    return fail(ErrorCode::kIo, fmt::format("cannot listen at {}: {}", path, error.code().message()));
  }
  accept();
  return {};
}

void Admission::expect(std::string launch, std::string proof) {
  launch_ = std::move(launch);
  proof_ = std::move(proof);
  resume_key_ = random_hex(32);
  incarnation_.clear();
}

void Admission::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  rest_.cancel();
  for (const auto& guest : guests_) guest->link->close();
  guests_.clear();
}

void Admission::accept() {
  acceptor_.async_accept([this, alive = alive_](const boost::system::error_code& error, Link::Socket socket) {
    if (!*alive || !acceptor_.is_open()) return;
    if (!error) {
      greet(std::move(socket));
      return accept();
    }
    // Without a free descriptor whoever knocks stays in the queue, and the next accept would fail at once again.
    rest_.expires_after(kRest);
    rest_.async_wait([this, alive](const boost::system::error_code& stopped) {
      if (!stopped && *alive && acceptor_.is_open()) accept();
    });
  });
}

void Admission::greet(Link::Socket socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!is_of_this_user(socket.native_handle()) || guests_.size() >= kMaxGuests) return;
  auto guest = std::make_shared<Guest>(io_);
  guest->link = std::make_shared<Link>(io_, std::move(socket), wire::kMaxBeforeHello);
  guests_.insert(guest);
  guest->patience.expires_after(kPatience);
  guest->patience.async_wait([this, alive = alive_, guest](const boost::system::error_code& error) {
    if (error || !*alive || guest->is_in) return;
    guest->link->close();
    guests_.erase(guest);
  });
  // The link lives on in its own operations; it must not hold the guest that holds it.
  const std::weak_ptr<Guest> weak = guest;
  guest->link->start({
      .received =
          [this, weak](wire::Envelope envelope) {
            if (const auto known = weak.lock()) return received(known, std::move(envelope));
            callbacks_.received(std::move(envelope));
          },
      .before_write =
          [this, weak] {
            if (weak.expired()) callbacks_.before_write();
          },
      .closed =
          [this, weak](const std::string& why) {
            const auto known = weak.lock();
            if (!known) return callbacks_.closed(why);
            known->patience.cancel();
            guests_.erase(known);
          },
  });
}

std::string Admission::refusal(const wire::Hello& hello) const {
  if (hello.launch != launch_) return "no worker of this launch is expected";
  if (incarnation_.empty()) return same_secret(sha256_hex(hello.token), proof_) ? "" : "wrong token";
  if (hello.worker != incarnation_) return "another process came with this token before";
  return same_secret(hello.resume_key, resume_key_) ? "" : "wrong resume key";
}

void Admission::received(const std::shared_ptr<Guest>& guest, wire::Envelope envelope) {
  auto* const hello = std::get_if<wire::Hello>(&envelope.body);
  const std::string why = hello ? refusal(*hello) : "the first message must be Hello";
  guest->patience.cancel();
  guest->is_in = true;
  guests_.erase(guest);
  const std::shared_ptr<Link> link = guest->link;
  if (!why.empty()) {
    link->send(wire::Reject{why}, envelope.id);
    link->close_after_write();
    return;
  }
  incarnation_ = hello->worker;
  link->set_max_envelope(wire::kMaxEnvelope);
  admitted_(link, std::move(*hello), envelope.id);
}

}  // namespace tune
