#pragma once

// exp, log, pow, sin and the normal distribution from + - * / and sqrt alone, all of which IEEE 754 defines to the bit.
// glibc picks other code by processor (with and without FMA its exp and log differ in the last bit), so whatever a
// decision or a configuration depends on must not call libm. Errors are below 2 units in the last place where the
// result is normal; inverse normal below 1e-15 relative. Built with -ffp-contract=off.

namespace tune::portable {

double exp(double x);
double log(double x);  ///< NaN below 0, -inf at 0
double pow(double x, double y);
double sin(double x);
double cos(double x);
double normal_cdf(double x);
double inverse_normal(double p);  ///< quantile; -inf at 0, inf at 1. Wichura, AS 241 (PPND16)

}  // namespace tune::portable
