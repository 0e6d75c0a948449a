// A program around the part that the README shows.
#include <tune/tune.h>

int main() {
  const double data = 1;
  const auto f = [](double d, double lr) { return d * lr; };
  // EXAMPLE
  return grid.size() == 40 && grid.errors() == 0 ? 0 : 1;
}
