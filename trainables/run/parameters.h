#pragma once

// The parameters of one trial, looked up by path and kind, as the C table offers them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/value.h"

namespace tune {

class Parameters {
 public:
  /// kBadInput unless `config_json` is a JSON object.
  static Result<Parameters> read(std::string_view config_json);

  /// By path: "lr", "optimizer.lr". Nothing if it is absent or of another kind.
  std::optional<double> real(std::string_view path) const;           ///< integers and bools too
  std::optional<std::int64_t> integer(std::string_view path) const;  ///< reals without a fraction too
  const std::string* text(std::string_view path) const;              ///< lives as long as this object
  std::optional<bool> boolean(std::string_view path) const;

 private:
  explicit Parameters(Value root) : root_(std::move(root)) {}
  Value root_;
};

}  // namespace tune
