// The inner loop of a one-class SVM's decision function, compiled once for each kind of CPU.
//
// Shapes: a model has `features` features and `blocks` blocks of SONDE_LANES support vectors.
//   support_vectors  blocks x features x SONDE_LANES doubles, 64-byte aligned: lane l of block b, feature f
//                    is support vector b * SONDE_LANES + l, in prepared units (below). The last block is filled
//                    up with vectors whose coefficient is zero.
//   coefficients     blocks x SONDE_LANES doubles, 64-byte aligned.
//   mean, scale      features doubles each.
//   rows             row_count x features doubles, row-major, raw.
//   scratch          sonde_scratch_length(features) doubles; null where that is zero.
//   decisions        row_count doubles.
//
// Prepared units: (raw - mean) / scale * unit. For the rbf kernel, unit is sqrt(gamma log2(e)), so that the kernel is
// 2^-(squared distance) and no evaluation has to multiply by gamma; for the others it is 1. Equal raw values are
// equal when prepared, so a row that is a support vector is at distance zero exactly.
#ifndef SONDE_CKERNELS_H
#define SONDE_CKERNELS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Support vectors in a block: eight doubles fill an AVX-512 register, and every CPU path adds in the same
// eight-lane order, which is what makes AVX2 and AVX-512 agree to the last bit.
#define SONDE_LANES 8

typedef enum {
  SONDE_PATH_BASELINE = 0,  // what every CPU of the architecture has (SSE2 on x86-64)
  SONDE_PATH_AVX2 = 1,      // x86-64-v3: AVX2 and FMA
  SONDE_PATH_AVX512 = 2,    // x86-64-v4: AVX-512 F, BW, CD, DQ, VL
} sonde_path;

typedef enum {
  SONDE_KERNEL_LINEAR = 0,      // x.y
  SONDE_KERNEL_POLYNOMIAL = 1,  // (gamma x.y + coef0)^degree
  SONDE_KERNEL_RBF = 2,         // exp(-gamma |x - y|^2)
  SONDE_KERNEL_SIGMOID = 3,     // tanh(gamma x.y + coef0)
} sonde_kernel;

typedef struct {
  const double *support_vectors;
  const double *coefficients;
  const double *mean;
  const double *scale;
  size_t blocks;
  size_t features;
  double unit;
  double gamma;  // not used by the rbf kernel, which has it in `unit`
  double coef0;
  double rho;
  int degree;
  sonde_kernel kernel;
} sonde_model;

// The fastest path that this CPU and its operating system can run.
sonde_path sonde_best_path(void);

// Doubles of scratch memory a call of sonde_decide needs: none for rows of up to SONDE_STACK_FEATURES features, which
// are prepared on the stack, because even one allocation shows in a call of a few rows.
#define SONDE_STACK_FEATURES 64
size_t sonde_scratch_length(size_t features);

// Writes sum_i coefficient_i K(sv_i, prepared row) - rho for every row, on `path`, which must not be above
// sonde_best_path(). A row with a value that is not finite, before or after scaling, or whose sum is not, gets NaN.
// Returns the number of rows that got NaN. Allocates nothing, keeps nothing.
size_t sonde_decide(const sonde_model *model, sonde_path path, const double *rows, size_t row_count,
                    double *scratch, double *decisions);

// 2^-y for count values of y >= 0, on `path`: the exponential inside the kernels, for its tests. `values` and
// `results` may be the same. Relative error at most 1.6e-14 for y <= 1021, and none at 0; above, the result is that
// of 1021.
void sonde_exp2_negated(sonde_path path, const double *values, size_t count, double *results);

#ifdef __cplusplus
}
#endif

#endif
