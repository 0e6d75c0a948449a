#include "searchspaces/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kLegal = {"x", "y", "model.hidden", "layers", "learning-rate", "max", "flag"};

double value_of(const std::string& text) {
  auto expression = Expression::parse(text, &kLegal);
  if (!expression) {
    ADD_FAILURE() << text << ": " << expression.error().message;
    return NAN;
  }
  const auto value = expression->evaluate([](std::string_view name) -> std::optional<double> {
    if (name == "x") return 2;
    if (name == "y") return 3;
    if (name == "model.hidden") return 16;
    if (name == "layers") return 4;
    if (name == "max") return 7;
    if (name == "flag") return 1;
    return std::nullopt;
  });
  if (!value) {
    ADD_FAILURE() << text << ": " << value.error().message;
    return NAN;
  }
  return *value;
}

ExpressionError fault_of(const std::string& text) {
  auto expression = Expression::parse(text, &kLegal);
  if (expression) {
    ADD_FAILURE() << text << " was accepted";
    return {};
  }
  return std::move(expression).error();
}

TEST(Expression, EvaluatesOperatorsWithTheirUsualPrecedence) {
  EXPECT_EQ(value_of("1 + 2 * 3"), 7);
  EXPECT_EQ(value_of("(1 + 2) * 3"), 9);
  EXPECT_EQ(value_of("10 - 4 - 3"), 3);
  EXPECT_EQ(value_of("2 ^ 3 ^ 2"), 512);
  EXPECT_EQ(value_of("-x ^ 2"), -4);
  EXPECT_EQ(value_of("x ^ -1"), 0.5);
  EXPECT_EQ(value_of("2 * -x"), -4);
  EXPECT_EQ(value_of("1 + 1 < 3 && 2 > 1 || 0"), 1);
  EXPECT_EQ(value_of("0 && 0 || 1"), 1);
  EXPECT_EQ(value_of("!flag"), 0);
  EXPECT_EQ(value_of("!0 && !(x > 5)"), 1);
  EXPECT_EQ(value_of("!x == 0"), 1);
  EXPECT_EQ(value_of("x != y"), 1);
  EXPECT_EQ(value_of("x > 1 ? 10 : 20"), 10);
  EXPECT_EQ(value_of("x > 5 ? 10 : y > 5 ? 20 : 30"), 30);
  EXPECT_EQ(value_of("(x > 5 ? 1 : 2) + 1"), 3);
  EXPECT_EQ(value_of("1e-1 + .5 + 2."), 2.6);
  EXPECT_EQ(value_of("flag == true && !false"), 1);
}

TEST(Expression, EvaluatesFunctions) {
  EXPECT_EQ(value_of("floor(-2.5)"), -3);
  EXPECT_EQ(value_of("ceil(2.1)"), 3);
  EXPECT_EQ(value_of("round(2.5) + round(-2.5)"), 0);
  EXPECT_EQ(value_of("trunc(-2.7)"), -2);
  EXPECT_EQ(value_of("rint(2.5)"), 3);
  EXPECT_EQ(value_of("mod(7, 4)"), 3);
  EXPECT_EQ(value_of("mod(-7, 4)"), 1);
  EXPECT_EQ(value_of("pow(2, 10)"), 1024);
  EXPECT_EQ(value_of("min(3, 1, 2) + max (1, x, y)"), 4);
  EXPECT_EQ(value_of("sum(1, 2, 3) / avg(1, 2, 3)"), 3);
  EXPECT_EQ(value_of("log2(2^29)"), 29);
  EXPECT_EQ(value_of("log10(1e15) + log10(1e-3)"), 12);
  EXPECT_EQ(value_of("sign(-3) * abs(-4)"), -4);
  EXPECT_EQ(value_of("sqrt(16)"), 4);
  EXPECT_DOUBLE_EQ(value_of("log(10)"), std::log(10));
  EXPECT_EQ(value_of("ln(10)"), value_of("log(10)"));
}

TEST(Expression, TrigonometryIsRightToAFewLastPlaces) {
  const auto near = [](const std::string& text, double expected) {
    EXPECT_NEAR(value_of(text), expected, 8e-16 * std::abs(expected)) << text;
  };
  for (const double x : {-0.99, -0.5, -1e-9, 1e-5, 0.2, 0.7, 0.999}) {
    const std::string arg = "(" + std::to_string(x) + ")";
    const double read = std::stod(std::to_string(x));
    near("asin" + arg, std::asin(read));
    near("acos" + arg, std::acos(read));
    near("atan" + arg, std::atan(read));
    near("atanh" + arg, std::atanh(read));
    near("sinh" + arg, std::sinh(read));
    near("tanh" + arg, std::tanh(read));
    near("asinh" + arg, std::asinh(read));
    near("tan" + arg, std::tan(read));
  }
  near("atan(1e10)", std::atan(1e10));
  near("atan2(-1, -1)", std::atan2(-1, -1));
  near("acosh(1.5)", std::acosh(1.5));
  near("cosh(3)", std::cosh(3));
  near("sinh(700)", std::sinh(700));
  near("cos(_pi)", -1);
  near("ln(_e)", 1);
}

TEST(Expression, NamesMayHoldDotsAndBearTheNamesOfFunctions) {
  EXPECT_EQ(value_of("model.hidden * layers"), 64);
  EXPECT_EQ(value_of("max(max, 3)"), 7);
  auto expression = Expression::parse("y + x * y + model.hidden", &kLegal);
  ASSERT_TRUE(expression);
  EXPECT_THAT(expression->names(), ElementsAre("y", "x", "model.hidden"));
  EXPECT_EQ(expression->position(1), 4u);
  EXPECT_EQ(expression->text(), "y + x * y + model.hidden");
}

TEST(Expression, AnyNameGoesWhereNamesAreNotYetKnown) {
  auto expression = Expression::parse("val_loss < 0.1 && true", nullptr);
  ASSERT_TRUE(expression);
  EXPECT_THAT(expression->names(), ElementsAre("val_loss"));
}

struct Refusal {
  const char* text;
  std::size_t position, length;
  const char* message;
  const char* hint;
};

TEST(Expression, RefusesWhatWouldMeanSomethingElse) {
  const std::vector<Refusal> refusals = {
      {"x = 3", 2, 1, "'=' is no comparison", "did you mean '=='?"},
      {"1 <= x <= 3", 0, 11, "'1 <= x <= 3' compares twice in a row", "write 1 <= x && x <= 3"},
      {"flag && 1 <= x+1 < y || 0", 8, 12, "'1 <= x+1 < y' compares twice in a row", "write 1 <= x+1 && x+1 < y"},
      {"max(x < y < 3, 1)", 4, 9, "'x < y < 3' compares twice in a row", "write x < y && y < 3"},
      {"1, 2", 1, 1, "',' belongs between the arguments of a function only", "a decimal point is written '.'"},
      {"(1, 2)", 2, 1, "',' belongs between the arguments of a function only", "a decimal point is written '.'"},
      {"x % 2 == 0", 2, 1, "'%' is no operator", "write mod(a, b)"},
      {"x > 1 and y > 1", 6, 3, "'and' is no operator", "write &&"},
      {"x > 1 or y > 1", 6, 2, "'or' is no operator", "write ||"},
      {"not x", 0, 3, "'not' is no operator", "write !"},
      {"x ** 2", 2, 2, "'**' is no operator", "write a ^ b"},
      {"x & y", 2, 1, "'&' is no operator", "write &&"},
      {"x => y", 2, 2, "'=>' is no operator", "did you mean '>='?"},
      {"x == 'sgd'", 5, 1, "text values cannot be compared", "conditions on text belong in 'when'"},
      {"learning-rate * 2", 0, 13, "'learning-rate' holds '-', which an expression reads as minus",
       "call the parameter learning_rate"},
      {"model.hiden * x", 0, 11, "unknown name 'model.hiden'", "did you mean 'model.hidden'?"},
      {"flor(x)", 0, 4, "unknown function 'flor'", "did you mean 'floor'?"},
      {"sqrt > 1", 0, 4, "'sqrt' is a function", "write sqrt(...)"},
      {"", 0, 1, "the expression is empty", ""},
      {"x +", 2, 1, "a value is missing after '+'", ""},
      {"* x", 0, 1, "a value is missing before '*'", ""},
      {"x y", 2, 1, "an operator is missing before 'y'", ""},
      {"2 (x)", 2, 1, "an operator is missing before '('", ""},
      {"(x + 1", 0, 1, "'(' is never closed", ""},
      {"x)", 1, 1, "')' without '('", ""},
      {"()", 1, 1, "a value is missing before ')'", ""},
      {"max()", 0, 3, "max takes 1 or more arguments; got 0", ""},
      {"mod(1)", 0, 3, "mod takes 2 arguments; got 1", ""},
      {"floor(1, 2)", 0, 5, "floor takes 1 argument; got 2", ""},
      {"x ? 1", 2, 1, "'?' without ':'", "write condition ? a : b"},
      {"x : 1", 2, 1, "':' without '?'", "write condition ? a : b"},
      {"max(1, x ? 2) : 3", 9, 1, "'?' without ':'", "write condition ? a : b"},
      {"12abc", 0, 5, "'12abc' is no number", ""},
      {"1e999", 0, 5, "'1e999' is beyond the range of numbers", ""},
      {"x \xc3\xa9 y", 2, 2, "unexpected '\xc3\xa9'", ""},
  };
  for (const Refusal& refusal : refusals) {
    const ExpressionError fault = fault_of(refusal.text);
    EXPECT_EQ(fault.message, refusal.message) << refusal.text;
    EXPECT_EQ(fault.hint, refusal.hint) << refusal.text;
    EXPECT_EQ(fault.position, refusal.position) << refusal.text;
    EXPECT_EQ(fault.length, refusal.length) << refusal.text;
  }
}

TEST(Expression, OnlyAnUnknownNameIsSaidToBeOne) {
  EXPECT_TRUE(fault_of("hiden > 1").unknown_name);
  EXPECT_FALSE(fault_of("x >").unknown_name);
}

TEST(Expression, AResultThatIsNotFiniteIsAnError) {
  for (const char* text : {"1 / (x - 2)", "sqrt(0 - x)", "ln(x - 2)", "min(0 / (x - 2), 1)", "exp(1000 * x)"}) {
    auto expression = Expression::parse(text, &kLegal);
    ASSERT_TRUE(expression) << text;
    const auto value = expression->evaluate([](std::string_view) { return 2.0; });
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kBadInput);
    EXPECT_THAT(value.error().message, HasSubstr(std::string("'") + text + "' is "));
  }
}

TEST(Expression, AnAbsentNameIsAnError) {
  auto expression = Expression::parse("x + y", &kLegal);
  ASSERT_TRUE(expression);
  const auto value =
      expression->evaluate([](std::string_view name) { return name == "x" ? std::optional(1.0) : std::nullopt; });
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message, "'x + y' needs 'y', which is not there");
}

TEST(Expression, LengthAndNestingAreBounded) {
  EXPECT_THAT(fault_of(std::string(5000, '1')).message, HasSubstr("5000 bytes; 4096 are allowed"));
  EXPECT_EQ(fault_of(std::string(1000, '(') + "1" + std::string(1000, ')')).message,
            "the expression is nested more than 64 deep");
  EXPECT_EQ(value_of(std::string(64, '(') + "1" + std::string(64, ')')), 1);
  std::string long_sum = "1";
  while (long_sum.size() < 4000) long_sum += "+-!-1";
  EXPECT_TRUE(std::isfinite(value_of(long_sum)));
  EXPECT_EQ(value_of(std::string(4001, '-') + "1"), -1);
  std::string choices;
  for (int i = 0; i < 500; ++i) choices += "0 ? 1:";
  EXPECT_EQ(value_of(choices + "7"), 7);
  std::string towers = "1";
  for (int i = 0; i < 1500; ++i) towers += "^1";
  EXPECT_EQ(value_of(towers), 1);
}

TEST(Expression, GarbageIsAnErrorAndNeverMore) {
  // All words of up to five characters over the alphabet of the language: parsed or refused with a place inside the
  // text.
  const std::string alphabet = "x1(),?:!-<=&.";
  std::size_t accepted = 0;
  for (std::size_t n = 0; n < 371293; n += 17) {
    std::string text;
    for (std::size_t rest = n, i = 0; i < 5; ++i, rest /= alphabet.size()) text += alphabet[rest % alphabet.size()];
    const auto expression = Expression::parse(text, &kLegal);
    if (expression) {
      ++accepted;
    } else {
      EXPECT_FALSE(expression.error().message.starts_with("this is no expression"))
          << text << expression.error().message;
      EXPECT_LE(expression.error().position + expression.error().length, text.size()) << text;
    }
  }
  EXPECT_GT(accepted, 0u);
}

}  // namespace
}  // namespace tune
