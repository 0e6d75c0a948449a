// A library that has nothing to do with tune.

extern "C" int nothing() { return 0; }
