// tune-host without the trainables of tune: what is tested comes from libraries.

#include "trainables/host/host_main.h"

int main(int argc, char** argv) { return tune::host_main(argc, argv, {}); }
