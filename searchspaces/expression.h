#pragma once

// Expressions of the experiment file (constraints, sample_from, stop.if), evaluated by muParser 2.3 behind this header.
// Names are parameter paths or metrics. Differences to muParser, each with its message: `=` and chained comparison are
// refused, floor ceil round trunc mod pow and prefix ! are defined, a bare comma and a result that is not finite are
// errors. docs/formats/expressions.md lists them.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tune {

/// A fault inside an expression, with the place in its text.
struct ExpressionError {
  std::size_t position = 0;  ///< byte offset in the text
  std::size_t length = 1;
  std::string message;
  std::string hint;
  bool unknown_name = false;  ///< the place is a name that is not among the legal ones
};

class Expression {
 public:
  /// Most bytes of an expression.
  static constexpr std::size_t kMaxLength = 4096;

  /// Parses. `legal`: all names it may use, for the check and did-you-mean; none: any name is accepted (metrics that
  /// are known only after the first report).
  static tl::expected<Expression, ExpressionError> parse(std::string text, const std::vector<std::string>* legal);

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  const std::string& text() const;
  /// The names it uses, each once, in order of first use.
  const std::vector<std::string>& names() const;
  /// Byte offset in the text of the first use of names()[index].
  std::size_t position(std::size_t index) const;

  /// Value with `lookup` giving each name's number (nothing: the name is absent). Fails with kBadInput on an absent
  /// name, or on a result that is not finite. Not thread-safe: one object, one thread.
  Result<double> evaluate(const std::function<std::optional<double>(std::string_view)>& lookup) const;

 private:
  struct Impl;
  explicit Expression(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tune
