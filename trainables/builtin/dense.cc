// Vectors of GCC and Clang: the compiler maps them to what the processor has. The same code is compiled for three
// widths and chosen once; no library, since the rooms of tune itself link none for linear algebra.

#include "trainables/builtin/dense.h"

#include <algorithm>
#include <cstring>

namespace tune {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kRows = 4;  // with 2 x 16 lanes each, the sums of a tile fit the registers
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

/// A tile: `kTileRows` rows, `kVectors` * kLanes outputs from `column` on.
template <std::size_t kTileRows, std::size_t kVectors>
[[gnu::always_inline]] inline void add_tile(const float* x, std::size_t inputs, const float* w, std::size_t outputs,
                                            std::size_t column, float* out) {
  Lanes sums[kTileRows][kVectors];
  for (std::size_t r = 0; r < kTileRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(&sums[r][v], out + r * outputs + column + v * kLanes, sizeof(Lanes));
    }
  }
  for (std::size_t i = 0; i < inputs; ++i) {
    Lanes weights[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(&weights[v], w + i * outputs + column + v * kLanes, sizeof(Lanes));
    }
    for (std::size_t r = 0; r < kTileRows; ++r) {
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] += x[r * inputs + i] * weights[v];
    }
  }
  for (std::size_t r = 0; r < kTileRows; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      std::memcpy(out + r * outputs + column + v * kLanes, &sums[r][v], sizeof(Lanes));
    }
  }
}

template <std::size_t kTileRows>
[[gnu::always_inline]] inline void add_rows(const float* x, std::size_t inputs, const float* w, std::size_t outputs,
                                            float* out) {
  std::size_t column = 0;
  for (; column + 2 * kLanes <= outputs; column += 2 * kLanes)
    add_tile<kTileRows, 2>(x, inputs, w, outputs, column, out);
  for (; column + kLanes <= outputs; column += kLanes) add_tile<kTileRows, 1>(x, inputs, w, outputs, column, out);
  for (; column < outputs; ++column) {
    for (std::size_t r = 0; r < kTileRows; ++r) {
      float sum = out[r * outputs + column];
      for (std::size_t i = 0; i < inputs; ++i) sum += x[r * inputs + i] * w[i * outputs + column];
      out[r * outputs + column] = sum;
    }
  }
}

[[gnu::always_inline]] inline void add_all(const float* x, std::size_t rows, std::size_t inputs, const float* w,
                                           std::size_t outputs, float* out) {
  std::size_t r = 0;
  for (; r + kRows <= rows; r += kRows) add_rows<kRows>(x + r * inputs, inputs, w, outputs, out + r * outputs);
  for (; r < rows; ++r) add_rows<1>(x + r * inputs, inputs, w, outputs, out + r * outputs);
}

using AddProduct = void (*)(const float*, std::size_t, std::size_t, const float*, std::size_t, float*);

void add_anywhere(const float* x, std::size_t rows, std::size_t inputs, const float* w, std::size_t outputs,
                  float* out) {
  add_all(x, rows, inputs, w, outputs, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_avx2(const float* x, std::size_t rows, std::size_t inputs, const float* w,
                                      std::size_t outputs, float* out) {
  add_all(x, rows, inputs, w, outputs, out);
}
[[gnu::target("avx512f")]] void add_avx512(const float* x, std::size_t rows, std::size_t inputs, const float* w,
                                           std::size_t outputs, float* out) {
  add_all(x, rows, inputs, w, outputs, out);
}
#endif

AddProduct widest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return add_avx512;
  if (__builtin_cpu_supports("avx2")) return add_avx2;
#endif
  return add_anywhere;
}

}  // namespace

void add_product(const float* x, std::size_t rows, std::size_t inputs, const float* w, std::size_t outputs,
                 float* out) {
  static const AddProduct kWidest = widest();
  kWidest(x, rows, inputs, w, outputs, out);
}

}  // namespace tune
