// A library whose constructor throws, where nobody can catch it.

#include <stdexcept>

namespace {
struct Thrower {
  Thrower() { throw std::runtime_error("the data set is missing"); }
} thrower;
}  // namespace
