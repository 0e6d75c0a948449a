#pragma once

namespace tune::cli {

/// `tune __worker ...`: the worker process that a controller starts; see core/runtime/worker.h.
int worker(int argc, char** argv);

}  // namespace tune::cli
