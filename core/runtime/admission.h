#pragma once

// The door of the controller: a listening Unix socket that lets in processes of this user which know the token of the
// launch that is expected, whoever started it, one process a launch. Until a peer has said who it is, it may say
// little, and not for long.

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/runtime/link.h"

namespace tune {

class Admission {
 public:
  using Admitted = std::function<void(std::shared_ptr<Link>, wire::Hello, std::uint64_t hello_id)>;

  /// `callbacks`: of links that were let in, from `admitted` on. Whoever is let in again comes with a new link, and the
  /// receiver closes the old one.
  Admission(boost::asio::io_context& io, Link::Callbacks callbacks, Admitted admitted);
  ~Admission();

  /// kIo.
  Result<void> listen(const std::string& path);
  /// From now on, one process of this launch is let in, and no other: the first that knows the token whose SHA-256 this
  /// is.
  void expect(std::string launch, std::string proof);
  /// What it proves itself by when it comes again.
  const std::string& resume_key() const { return resume_key_; }
  void close();

 private:
  struct Guest;
  void accept();
  void greet(Link::Socket socket);
  void received(const std::shared_ptr<Guest>& guest, wire::Envelope envelope);
  /// Why it is refused; empty: it is not.
  std::string refusal(const wire::Hello& hello) const;

  boost::asio::io_context& io_;
  Link::Callbacks callbacks_;
  Admitted admitted_;
  boost::asio::local::stream_protocol::acceptor acceptor_;
  boost::asio::steady_timer rest_;           // after a failed accept
  std::set<std::shared_ptr<Guest>> guests_;  // those that have not said who they are
  std::string launch_, proof_, resume_key_, incarnation_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: this object is gone
};

}  // namespace tune
