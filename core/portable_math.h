#pragma once

// exp, log, pow, sin and the normal distribution from + - * / and sqrt alone, all of which IEEE 754 defines to the bit.
// glibc picks other code by processor (with and without FMA its exp and log differ in the last bit), so whatever a
// decision or a configuration depends on must not call libm. Errors are below 1 unit in the last place where the result
// is normal, for any argument; of normal_cdf below 8, far down its tail too; of inverse_normal below 1e-15 of the
// result. NaN, infinities and signed zeros go by the C standard. Built with -ffp-contract=off.

namespace tune::portable {

double exp(double x);
double log(double x);  ///< NaN below 0, -inf at 0
double pow(double x, double y);
double sin(double x);
double cos(double x);
double normal_cdf(double x);
double inverse_normal(double p);  ///< quantile; -inf at 0, inf at 1. Wichura, AS 241 (PPND16)

}  // namespace tune::portable
