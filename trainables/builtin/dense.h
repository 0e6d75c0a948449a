#pragma once

// The one loop that evaluating a small network spends its time in.

#include <cstddef>

namespace tune {

/// out += x * w, row by row: x is rows x inputs, w inputs x outputs, out rows x outputs, all without gaps. Each sum is
/// taken in the order of the inputs and without fused operations, so the bits are the same on any processor, however
/// wide its registers, and whatever other rows stand beside.
void add_product(const float* x, std::size_t rows, std::size_t inputs, const float* w, std::size_t outputs, float* out);

}  // namespace tune
