// A shared library that is no library of trainables.

extern "C" int nothing() { return 0; }
