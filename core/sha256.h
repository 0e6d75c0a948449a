#pragma once

// SHA-256 (FIPS 180-4), the name of a checkpoint: over OpenSSL, which takes the processor's own instructions for it.

#include <memory>
#include <string>
#include <string_view>

namespace tune {

/// Hash of bytes that come in pieces. One object, one hash: after hex() it is spent.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::string_view bytes);
  /// 64 lower-case hex digits of everything so far.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace tune
