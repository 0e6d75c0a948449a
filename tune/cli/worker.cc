#include "tune/cli/worker.h"

#include "core/runtime/worker.h"

namespace tune::cli {

int worker(int argc, char** argv) { return worker_main(argc - 2, argv + 2); }

}  // namespace tune::cli
