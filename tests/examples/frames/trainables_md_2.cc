// The model that the guide's function trains.
#include <tune/trainable.h>

struct Model {
  explicit Model(std::int64_t hidden) : loss(1.0 / static_cast<double>(hidden)) {}
  void restore(std::string_view bytes) { loss = std::stod(std::string(bytes)); }
  double train_epoch(double lr) { return loss *= 1 - lr; }
  void write(std::ostream& out) const { out << loss; }
  double loss;
};

// EXAMPLE
