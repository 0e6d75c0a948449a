#pragma once

// LibTorch modules and optimizers as checkpoints. The only header of tune that includes LibTorch.
//
//   if (auto bytes = trial.checkpoint()) tune::load_torch(*bytes, net, adam);
//   while (trial.report({{"loss", epoch(net, adam)}}, tune::torch_state(net, adam))) continue;
//
// and afterwards, in the same program or another: tune::load_torch(grid.checkpoint(*grid.best())->bytes, net).
// Parts are what `torch::save` takes: module holders (torch::nn::Sequential), std::shared_ptr of a module, optimizers,
// tensors. Loading takes them in the order in which they were saved, and may leave out the last ones; shapes must be
// the same. LibTorch's own c10::Error says what does not fit.

#include <torch/serialize.h>

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace tune {

/// Writes the parts when the checkpoint is due. They must outlive the call of report() or save() that it is given to.
template <class... Parts>
std::function<void(std::ostream&)> torch_state(const Parts&... parts) {
  return [&parts...](std::ostream& out) {
    torch::serialize::OutputArchive archive;
    int number = 0;
    const auto write = [&](const auto& part) {
      using torch::operator<<;  // of tensors, which argument-dependent lookup does not find
      torch::serialize::OutputArchive one(archive.compilation_unit());
      one << part;
      archive.write(std::to_string(number++), one);
    };
    (write(parts), ...);
    archive.save_to(out);
  };
}

/// Reads the parts back.
template <class... Parts>
void load_torch(std::string_view bytes, Parts&... parts) {
  torch::serialize::InputArchive archive;
  archive.load_from(bytes.data(), bytes.size());
  int number = 0;
  const auto read = [&](auto& part) {
    using torch::operator>>;
    torch::serialize::InputArchive one;
    archive.read(std::to_string(number++), one);
    one >> part;
  };
  (read(parts), ...);
}

}  // namespace tune
