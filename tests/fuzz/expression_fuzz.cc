// Expressions of constraints, sample_from and stop.if: any text parses or is an error with a place in it, and what
// parses has a finite value or an error.

#include <cmath>

#include "searchspaces/expression.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::string> kLegal = {"x", "lr", "model.depth", "training_iteration"};
  const std::string text(tune::fuzz::text_of(data, size));
  for (const std::vector<std::string>* legal : {&kLegal, static_cast<const std::vector<std::string>*>(nullptr)}) {
    const auto parsed = tune::Expression::parse(text, legal);
    if (!parsed) {
      tune::fuzz::require(parsed.error().position <= text.size(), "the place of a fault lies in the text");
      tune::fuzz::require(!parsed.error().message.empty(), "a fault has a message");
      continue;
    }
    for (std::size_t i = 0; i < parsed->names().size(); ++i) {
      tune::fuzz::require(text.compare(parsed->position(i), parsed->names()[i].size(), parsed->names()[i]) == 0,
                          "a name stands where it is said to");
    }
    for (const double value : {0.0, 1.5, -3.0, 1e308}) {
      const auto result = parsed->evaluate([&](std::string_view name) {
        return name == "model.depth" && value == -3.0 ? std::nullopt : std::optional(value);
      });
      tune::fuzz::require(!result || std::isfinite(*result), "a value is finite");
    }
  }
  return 0;
}
