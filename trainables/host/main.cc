// tune-host: see host_main.h.

#include "trainables/host/compiled_in.h"
#include "trainables/host/host_main.h"

int main(int argc, char** argv) { return tune::host_main(argc, argv, tune::compiled_in()); }
