// The normal distribution by rational approximations, each a quotient of two polynomials on a range of its own.

#include <array>
#include <cmath>

#include "core/portable_math.h"
#include "core/portable_parts.h"

namespace tune::portable {
namespace {

using namespace parts;

/// c[0] + c[1] x + c[2] x^2 + ...
template <std::size_t N>
double polynomial(const std::array<double, N>& c, double x) {
  double value = c[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) value = value * x + c[i];
  return value;
}

/// exp(-x^2/2): the square is kept whole, because its rounding error would be multiplied by its size.
double bell(double x) {
  const Double2 square = product(x, x);
  return exp_sum(-0.5 * square.hi, -0.5 * square.lo);
}

}  // namespace

// W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), in the form for the
// normal distribution of "Algorithm 715: SPECFUN", ACM TOMS 19 (1993).
double normal_cdf(double x) {
  static constexpr std::array<double, 5> kA{1.8154981253343561249e04, 1.0676894854603709582e03,
                                            1.6102823106855587881e02, 2.2352520354606839287e00,
                                            6.5682337918207449113e-2};
  static constexpr std::array<double, 5> kB{4.5507789335026729956e04, 1.0260932208618978205e04,
                                            9.7609855173777669322e02, 4.7202581904688241870e01, 1.0};
  static constexpr std::array<double, 9> kC{
      9.8427148383839780218e03, 1.1602651437647350124e04, 6.8481904505362823326e03,
      2.4945375852903726711e03, 5.9727027639480026226e02, 9.3506656132177855979e01,
      8.8831497943883759412e00, 3.9894151208813466764e-1, 1.0765576773720192317e-8};
  static constexpr std::array<double, 9> kD{
      1.9685429676859990727e04, 3.8912003286093271411e04, 3.4900952721145977266e04,
      1.8615571640885098091e04, 6.4855582982667607550e03, 1.5193775994075548050e03,
      2.3538790178262499861e02, 2.2266688044328115691e01, 1.0};
  static constexpr std::array<double, 6> kP{2.9112874951168792e-5,   1.421619193227893466e-3, 2.2235277870649807e-2,
                                            1.274011611602473639e-1, 2.1589853405795699e-1,   2.307344176494017303e-2};
  static constexpr std::array<double, 6> kQ{7.29751555083966205e-5, 3.78239633202758244e-3, 6.59881378689285515e-2,
                                            4.68238212480865118e-1, 1.28426009614491121e00, 1.0};
  constexpr double kInvSqrt2Pi = 3.9894228040143267794e-1;
  if (x != x) return x;
  const double y = magnitude(x);
  if (y <= 0.66291) {
    const double z = x * x;
    return 0.5 + x * (polynomial(kA, z) / polynomial(kB, z));
  }
  double tail = 0;                 // of the side away from 0
  if (y <= 0x1.6a09e667f3bcdp2) {  // sqrt(32)
    tail = bell(y) * (polynomial(kC, y) / polynomial(kD, y));
  } else if (y < 38.6) {
    const double z = 1 / (x * x);
    tail = bell(y) * ((kInvSqrt2Pi - z * (polynomial(kP, z) / polynomial(kQ, z))) / y);
  }
  return x > 0 ? 1 - tail : tail;
}

// M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988),
// PPND16.
double inverse_normal(double p) {
  static constexpr std::array<double, 8> kA{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                            1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                            3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr std::array<double, 8> kB{1.0,
                                            4.2313330701600911252e1,
                                            6.8718700749205790830e2,
                                            5.3941960214247511077e3,
                                            2.1213794301586595867e4,
                                            3.9307895800092710610e4,
                                            2.8729085735721942674e4,
                                            5.2264952788528545610e3};
  static constexpr std::array<double, 8> kC{
      1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
      1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr std::array<double, 8> kD{1.0,
                                            2.05319162663775882187e0,
                                            1.67638483018380384940e0,
                                            6.89767334985100004550e-1,
                                            1.48103976427480074590e-1,
                                            1.51986665636164571966e-2,
                                            5.47593808499534494600e-4,
                                            1.05075007164441684324e-9};
  static constexpr std::array<double, 8> kE{
      6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,  2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr std::array<double, 8> kF{1.0,
                                            5.99832206555887937690e-1,
                                            1.36929880922735805310e-1,
                                            1.48753612908506148525e-2,
                                            7.86869131145613259100e-4,
                                            1.84631831751005468180e-5,
                                            1.42151175831644588870e-7,
                                            2.04426310338993978564e-15};
  if (!(p >= 0 && p <= 1)) return kNaN;
  const double q = p - 0.5;
  if (magnitude(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (polynomial(kA, r) / polynomial(kB, r));
  }
  const double tail = q < 0 ? p : 1 - p;
  if (tail == 0) return q < 0 ? -kInfinity : kInfinity;
  const double r = std::sqrt(-log(tail));
  const double size =
      r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6) : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return q < 0 ? -size : size;
}

}  // namespace tune::portable
