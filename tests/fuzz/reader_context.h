#pragma once

// What fuzz targets of the experiment file's reader read with: the samplers, the simplest scheduler, no machine.

#include <string>
#include <utility>
#include <vector>

#include "experiments/spec/reader.h"
#include "searchspaces/sampler.h"

namespace tune::fuzz {

inline ReaderContext reader_context(std::vector<std::string> builtins) {
  static const Catalogue kSchedulers = [] {
    AlgorithmInfo fifo;
    fifo.name = "fifo";
    return Catalogue{fifo};
  }();
  ReaderContext context;
  context.schedulers = &kSchedulers;
  context.samplers = &sampler_catalogue();
  context.builtins = std::move(builtins);
  return context;
}

}  // namespace tune::fuzz
