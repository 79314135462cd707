// The kernels, written once. avx512.c, avx2.c and baseline.c each include this file after saying
//   SONDE_NAME(x)  how a function of this path is called,
//   SONDE_FMA      whether the CPU has a fused multiply-add,
//   SONDE_ROWS     how many rows go through the support vectors together: as many as leave the accumulators
//                  of all of them in registers.
// Vectors are always eight doubles; the compiler splits them where registers are narrower. So all paths add in
// the same order, and the two with a fused multiply-add give equal results.

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "CKernels.h"

// The functions that take eight lanes by value are all inlined, so how a call would pass them does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

typedef double lanes __attribute__((vector_size(SONDE_LANES * sizeof(double))));
typedef int64_t integer_lanes __attribute__((vector_size(SONDE_LANES * sizeof(int64_t))));

#define SONDE_INLINE static inline __attribute__((always_inline))

// Fused by name, not by the compiler's choice: a contraction that happened on one path only would make the
// paths differ. Without the instruction a fused multiply-add would be a library call a lane.
#if SONDE_FMA
#define MULTIPLY_ADD(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

SONDE_INLINE lanes all(double value) {
  return (lanes){value, value, value, value, value, value, value, value};
}

// The larger of each pair of lanes, by masks: C has no conditional on vectors.
SONDE_INLINE lanes larger(lanes a, lanes b) {
  const integer_lanes less = a < b;
  return (lanes)((less & (integer_lanes)b) | (~less & (integer_lanes)a));
}

// 2^y for y <= 0. With n = round(y) and f = y - n in [-1/2, 1/2], exact, 2^y = 2^n 2^f; 2^f is the polynomial of
// degree 11 with p(0) = 1 whose largest relative error is smallest (Remez's exchange: 3.4e-18, and 2.8e-17 with
// the coefficients rounded to doubles), in Estrin's form for short dependency chains. So 2^0 is exactly 1.
SONDE_INLINE lanes exp2_of_negative(lanes y) {
  // Below, 2^n would leave the normal numbers. What is cut off is under 1e-307 of the coefficient.
  const lanes lowest = all(-1021.0);
  y = larger(y, lowest);
  // Adding 1.5 * 2^52 leaves round(y) in the low bits of the sum.
  const lanes shifter = all(0x1.8p52);
  const lanes shifted = y + shifter;
  const lanes f = y - (shifted - shifter);

  const lanes f2 = f * f;
  const lanes p01 = MULTIPLY_ADD(all(0x1.62e42fefa39efp-1), f, all(1.0));
  const lanes p23 = MULTIPLY_ADD(all(0x1.c6b08d7049fe8p-5), f, all(0x1.ebfbdff82c5a4p-3));
  const lanes p45 = MULTIPLY_ADD(all(0x1.5d87fe78cd6cfp-10), f, all(0x1.3b2ab6fba011ap-7));
  const lanes p67 = MULTIPLY_ADD(all(0x1.ffcbfba980ffcp-17), f, all(0x1.4309130ed8ce6p-13));
  const lanes p89 = MULTIPLY_ADD(all(0x1.b5267cdfdef61p-24), f, all(0x1.62bfc79d49170p-20));
  const lanes pAB = MULTIPLY_ADD(all(0x1.e79bb6e0251b7p-32), f, all(0x1.e61b4f9d64723p-28));
  const lanes f4 = f2 * f2;
  const lanes p03 = MULTIPLY_ADD(p23, f2, p01);
  const lanes p47 = MULTIPLY_ADD(p67, f2, p45);
  const lanes p8B = MULTIPLY_ADD(pAB, f2, p89);
  const lanes power = MULTIPLY_ADD(MULTIPLY_ADD(p8B, f4, p47), f4, p03);

  // Multiplies by 2^n: n is added to the exponent field.
  return (lanes)((integer_lanes)power + ((integer_lanes)shifted << 52));
}

// tanh z = sign(z) (1 - e) / (1 + e) with e = exp(-2 |z|). Near zero the relative error grows, the absolute one
// stays below 2^-51, and only the absolute one reaches a sum of kernel values.
SONDE_INLINE lanes hyperbolic_tangent(lanes z) {
  const integer_lanes sign_bit = (integer_lanes)all(-0.0);
  const lanes magnitude = (lanes)((integer_lanes)z & ~sign_bit);
  const lanes e = exp2_of_negative(magnitude * all(-2.0 * 0x1.71547652b82fep+0));
  const lanes result = (all(1.0) - e) / (all(1.0) + e);
  return (lanes)((integer_lanes)result | ((integer_lanes)z & sign_bit));
}

// base^exponent by repeated squaring, as LIBSVM does it.
SONDE_INLINE lanes integer_power(lanes base, int exponent) {
  lanes result = all(1.0);
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

SONDE_INLINE double sum_of(lanes v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

// Scales one row into `scaled`. Returns whether every scaled value is finite, which no value is that was not
// before, nor one of a feature whose scale is zero.
SONDE_INLINE int scale_row(const sonde_model *model, const double *row, double *scaled) {
  const size_t features = model->features;
  int finite = 1;
  for (size_t f = 0; f < features; f++) {
    scaled[f] = model->mean ? (row[f] - model->mean[f]) / model->scale[f] : row[f];
    finite &= fabs(scaled[f]) <= DBL_MAX;
  }
  return finite;
}

// Decides `count` rows together. `count` and `kernel` are constants where this is inlined, so loops over rows
// unroll and only one kernel is left. Returns the number of rows that got NaN.
SONDE_INLINE size_t decide_together(const sonde_model *model, const sonde_kernel kernel, const int count,
                                    const double *rows, double *scaled, double *decisions) {
  const size_t features = model->features;
  int finite[SONDE_ROWS];
  lanes total[SONDE_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < count; r++) {
    finite[r] = scale_row(model, rows + r * features, scaled + r * features);
    total[r] = all(0.0);
  }

  const lanes *vector = (const lanes *)model->support_vectors;
  const lanes *coefficients = (const lanes *)model->coefficients;
  // exp(-gamma d) = 2^(exponent_scale d): one rounding instead of the two of a split logarithm. The error it adds
  // to the result is |t| exp(t) 2^-53 at t = -gamma d, at most 2^-54.
  const lanes exponent_scale = all(-model->gamma * 0x1.71547652b82fep+0);
  const lanes gamma = all(model->gamma);
  const lanes coef0 = all(model->coef0);

  for (size_t b = 0; b < model->blocks; b++, vector += features) {
    lanes sum[SONDE_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < count; r++) sum[r] = all(0.0);
    for (size_t f = 0; f < features; f++) {
      const lanes support = vector[f];
#pragma clang loop unroll(full)
      for (int r = 0; r < count; r++) {
        const lanes x = all(scaled[r * features + f]);
        if (kernel == SONDE_KERNEL_RBF) {
          const lanes difference = x - support;
          sum[r] = MULTIPLY_ADD(difference, difference, sum[r]);
        } else {
          sum[r] = MULTIPLY_ADD(x, support, sum[r]);
        }
      }
    }
    const lanes coefficient = coefficients[b];
#pragma clang loop unroll(full)
    for (int r = 0; r < count; r++) {
      lanes value = sum[r];
      if (kernel == SONDE_KERNEL_RBF) {
        value = exp2_of_negative(value * exponent_scale);
      } else if (kernel == SONDE_KERNEL_POLYNOMIAL) {
        value = integer_power(MULTIPLY_ADD(gamma, value, coef0), model->degree);
      } else if (kernel == SONDE_KERNEL_SIGMOID) {
        value = hyperbolic_tangent(MULTIPLY_ADD(gamma, value, coef0));
      }
      total[r] = MULTIPLY_ADD(coefficient, value, total[r]);
    }
  }

  size_t failed = 0;
#pragma clang loop unroll(full)
  for (int r = 0; r < count; r++) {
    const double decision = sum_of(total[r]) - model->rho;
    const int good = finite[r] && fabs(decision) <= DBL_MAX;
    decisions[r] = good ? decision : NAN;
    failed += !good;
  }
  return failed;
}

SONDE_INLINE size_t decide_all(const sonde_model *model, const sonde_kernel kernel, const double *rows,
                               size_t row_count, double *scratch, double *decisions) {
  size_t failed = 0;
  size_t row = 0;
  for (; row + SONDE_ROWS <= row_count; row += SONDE_ROWS) {
    failed += decide_together(model, kernel, SONDE_ROWS, rows + row * model->features, scratch, decisions + row);
  }
  for (; row < row_count; row++) {
    failed += decide_together(model, kernel, 1, rows + row * model->features, scratch, decisions + row);
  }
  return failed;
}

size_t SONDE_NAME(decide)(const sonde_model *model, const double *rows, size_t row_count, double *scratch,
                          double *decisions) {
  switch (model->kernel) {
    case SONDE_KERNEL_LINEAR:
      return decide_all(model, SONDE_KERNEL_LINEAR, rows, row_count, scratch, decisions);
    case SONDE_KERNEL_POLYNOMIAL:
      return decide_all(model, SONDE_KERNEL_POLYNOMIAL, rows, row_count, scratch, decisions);
    case SONDE_KERNEL_RBF:
      return decide_all(model, SONDE_KERNEL_RBF, rows, row_count, scratch, decisions);
    case SONDE_KERNEL_SIGMOID:
      return decide_all(model, SONDE_KERNEL_SIGMOID, rows, row_count, scratch, decisions);
  }
  return 0;
}

void SONDE_NAME(exp2)(const double *values, size_t count, double *results) {
  for (size_t start = 0; start < count; start += SONDE_LANES) {
    const size_t length = count - start < SONDE_LANES ? count - start : SONDE_LANES;
    lanes y = all(0.0);
    for (size_t l = 0; l < length; l++) y[l] = values[start + l];
    y = exp2_of_negative(y);
    for (size_t l = 0; l < length; l++) results[start + l] = y[l];
  }
}
