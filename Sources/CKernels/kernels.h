// The kernels, written once. avx512.c, avx2.c and baseline.c each include this file after saying
//   SONDE_NAME(x)  how a function of this path is called,
//   SONDE_FMA      whether the CPU has a fused multiply-add,
//   SONDE_ROWS     how many rows, and
//   SONDE_BLOCKS   how many blocks of support vectors go through the feature loop together: as many as leave their
//                  sums in registers and the multipliers, not the loads, as what is waited for.
// Vectors are always eight doubles; the compiler splits them where registers are narrower. So all paths add in
// the same order, and the two with a fused multiply-add give equal results.

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

// Exponentials that are taken together.
#define SONDE_GROUP 3
_Static_assert(SONDE_ROWS < SONDE_GROUP || SONDE_ROWS % SONDE_GROUP == 0, "rows are whole groups");
_Static_assert(SONDE_ROWS <= SONDE_MOST_ROWS, "the scratch memory holds SONDE_MOST_ROWS prepared rows");

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

// The smaller of each pair of lanes, by masks: C has no conditional on vectors. NaN in `a` stays.
SONDE_INLINE lanes smaller(lanes a, lanes b) {
  const integer_lanes greater = a > b;
  return (lanes)((greater & (integer_lanes)b) | (~greater & (integer_lanes)a));
}

// 2^-y for y >= 0. With n = round(y) and f = n - y in [-1/2, 1/2], exact, 2^-y = 2^-n 2^f; 2^f is the polynomial of
// degree 9 with p(0) = 1 whose largest relative error, 1.52e-14, is smallest (Remez's exchange). So 2^0 is exactly 1.
// Each further degree would cost every kernel evaluation 4%, for digits far below what a model's coefficients mean.
// Even and odd powers are summed apart: half the dependency chain of Horner's form for one multiplication.
//
// Takes `count` values together, at most SONDE_GROUP, step by step: the chains of several values hide each other's
// latency better than the CPU finds out by itself.
#define SONDE_EACH _Pragma("clang loop unroll(full)") for (int i = 0; i < count; i++)
SONDE_INLINE void exp2_of_negated(lanes *restrict values, const int count) {
  lanes shifted[SONDE_GROUP], f[SONDE_GROUP], f2[SONDE_GROUP], odd[SONDE_GROUP], even[SONDE_GROUP];
  // Above, 2^-n would leave the normal numbers. What is cut off is under 1e-307 of the coefficient.
  SONDE_EACH values[i] = smaller(values[i], all(1021.0));
  // Taking y from 1.5 * 2^52 leaves -round(y) in the low bits of the difference.
  const lanes shifter = all(0x1.8p52);
  SONDE_EACH shifted[i] = shifter - values[i];
  SONDE_EACH f[i] = (shifter - shifted[i]) - values[i];

  SONDE_EACH f2[i] = f[i] * f[i];
  SONDE_EACH odd[i] = MULTIPLY_ADD(all(0x1.b3de31dac66fdp-24), f2[i], all(0x1.ffce2fc03a103p-17));
  SONDE_EACH even[i] = MULTIPLY_ADD(all(0x1.63e6965e133ccp-20), f2[i], all(0x1.430897f337511p-13));
  SONDE_EACH odd[i] = MULTIPLY_ADD(odd[i], f2[i], all(0x1.5d87fd9388a57p-10));
  SONDE_EACH even[i] = MULTIPLY_ADD(even[i], f2[i], all(0x1.3b2ab72412207p-7));
  SONDE_EACH odd[i] = MULTIPLY_ADD(odd[i], f2[i], all(0x1.c6b08d70c880fp-5));
  SONDE_EACH even[i] = MULTIPLY_ADD(even[i], f2[i], all(0x1.ebfbdff81be06p-3));
  SONDE_EACH odd[i] = MULTIPLY_ADD(odd[i], f2[i], all(0x1.62e42fefa37d1p-1));
  SONDE_EACH even[i] = MULTIPLY_ADD(even[i], f2[i], all(1.0));
  SONDE_EACH odd[i] = MULTIPLY_ADD(odd[i], f[i], even[i]);

  // Multiplies by 2^-n: -n is added to the exponent field.
  SONDE_EACH values[i] = (lanes)((integer_lanes)odd[i] + ((integer_lanes)shifted[i] << 52));
}

// tanh z = sign(z) (1 - e) / (1 + e) with e = exp(-2 |z|). Near zero the relative error grows, the absolute one does
// not, and only the absolute one reaches a sum of kernel values.
SONDE_INLINE lanes hyperbolic_tangent(lanes z) {
  const integer_lanes sign_bit = (integer_lanes)all(-0.0);
  const lanes magnitude = (lanes)((integer_lanes)z & ~sign_bit);
  lanes e = magnitude * all(2.0 * 0x1.71547652b82fep+0);
  exp2_of_negated(&e, 1);
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

// Brings one row into the units of the packed support vectors. Returns whether every value was finite before the last
// multiplication, which no value is that is not finite in `row`, nor one of a feature whose scale is zero. What only
// overflows in the last multiplication is infinitely far from all support vectors, and that is a fine answer.
SONDE_INLINE int prepare_row(const sonde_model *model, const double *restrict row, double *restrict prepared) {
  const size_t features = model->features;
  const double *restrict mean = model->mean;
  const double *restrict scale = model->scale;
  for (size_t f = 0; f < features; f++) prepared[f] = (row[f] - mean[f]) / scale[f];
  // By bits, because a loop of comparisons of doubles would not be vectorized: all bits of the exponent set.
  uint64_t infinite = 0;
  for (size_t f = 0; f < features; f++) {
    uint64_t bits;
    memcpy(&bits, &prepared[f], sizeof bits);
    infinite |= bits << 1 >= UINT64_C(0xffe0000000000000);
  }
  const double unit = model->unit;
  for (size_t f = 0; f < features; f++) prepared[f] *= unit;
  return !infinite;
}

// Adds the kernel values of `count` rows with `blocks` blocks of support vectors, times their coefficients, to `total`.
// `kernel`, `count` and `blocks` are constants where this is inlined, so the loops over them unroll.
SONDE_INLINE void add_tile(const sonde_model *model, const sonde_kernel kernel, const int count, const int blocks,
                           const lanes *vectors, const lanes *coefficients, const double *prepared,
                           lanes *total) {
  const size_t features = model->features;
  lanes sum[SONDE_BLOCKS][SONDE_ROWS];
#pragma clang loop unroll(full)
  for (int b = 0; b < blocks; b++) {
#pragma clang loop unroll(full)
    for (int r = 0; r < count; r++) sum[b][r] = all(0.0);
  }
  for (size_t f = 0; f < features; f++) {
#pragma clang loop unroll(full)
    for (int b = 0; b < blocks; b++) {
      const lanes vector = vectors[b * features + f];
#pragma clang loop unroll(full)
      for (int r = 0; r < count; r++) {
        const lanes x = all(prepared[r * features + f]);
        if (kernel == SONDE_KERNEL_RBF) {
          const lanes difference = vector - x;
          sum[b][r] = MULTIPLY_ADD(difference, difference, sum[b][r]);
        } else {
          sum[b][r] = MULTIPLY_ADD(vector, x, sum[b][r]);
        }
      }
    }
  }
  const lanes gamma = all(model->gamma);
  const lanes coef0 = all(model->coef0);
#pragma clang loop unroll(full)
  for (int b = 0; b < blocks; b++) {
    const lanes coefficient = coefficients[b];
    if (kernel == SONDE_KERNEL_RBF) {
      const int group = count < SONDE_GROUP ? count : SONDE_GROUP;
#pragma clang loop unroll(full)
      for (int r = 0; r < count; r += group) exp2_of_negated(sum[b] + r, group);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < count; r++) {
      lanes value = sum[b][r];
      if (kernel == SONDE_KERNEL_POLYNOMIAL) {
        value = integer_power(MULTIPLY_ADD(gamma, value, coef0), model->degree);
      } else if (kernel == SONDE_KERNEL_SIGMOID) {
        value = hyperbolic_tangent(MULTIPLY_ADD(gamma, value, coef0));
      }
      total[r] = MULTIPLY_ADD(coefficient, value, total[r]);
    }
  }
}

// Decides `count` rows together. Returns the number of rows that got NaN. The order of the sums does not depend on
// `count`, so neither does a row's decision.
SONDE_INLINE size_t decide_together(const sonde_model *model, const sonde_kernel kernel, const int count,
                                    const double *rows, double *prepared, double *decisions) {
  const size_t features = model->features;
  int finite[SONDE_ROWS];
  lanes total[SONDE_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < count; r++) {
    finite[r] = prepare_row(model, rows + r * features, prepared + r * features);
    total[r] = all(0.0);
  }
  const lanes *vectors = (const lanes *)model->support_vectors;
  const lanes *coefficients = (const lanes *)model->coefficients;
  size_t b = 0;
  for (; b + SONDE_BLOCKS <= model->blocks; b += SONDE_BLOCKS) {
    add_tile(model, kernel, count, SONDE_BLOCKS, vectors + b * features, coefficients + b, prepared, total);
  }
  for (; b < model->blocks; b++) {
    add_tile(model, kernel, count, 1, vectors + b * features, coefficients + b, prepared, total);
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
  const size_t features = model->features;
  double stack[SONDE_ROWS * SONDE_STACK_FEATURES];
  double *prepared = features <= SONDE_STACK_FEATURES ? stack : scratch;
  size_t failed = 0;
  size_t row = 0;
  for (; row + SONDE_ROWS <= row_count; row += SONDE_ROWS) {
    failed += decide_together(model, kernel, SONDE_ROWS, rows + row * features, prepared, decisions + row);
  }
  for (; row + 2 <= row_count; row += 2) {
    failed += decide_together(model, kernel, 2, rows + row * features, prepared, decisions + row);
  }
  if (row < row_count) {
    failed += decide_together(model, kernel, 1, rows + row * features, prepared, decisions + row);
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

void SONDE_NAME(exp2_negated)(const double *values, size_t count, double *results) {
  for (size_t start = 0; start < count; start += SONDE_LANES) {
    const size_t length = count - start < SONDE_LANES ? count - start : SONDE_LANES;
    lanes y = all(0.0);
    for (size_t l = 0; l < length; l++) y[l] = values[start + l];
    exp2_of_negated(&y, 1);
    for (size_t l = 0; l < length; l++) results[start + l] = y[l];
  }
}
