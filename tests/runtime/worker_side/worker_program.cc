// A program that is nothing but a worker.

#include "core/runtime/worker.h"

int main(int argc, char** argv) { return tune::worker_main(argc - 1, argv + 1); }
