// The functions of each CPU path, for dispatch.c.
#ifndef SONDE_PATHS_H
#define SONDE_PATHS_H

#include "CKernels.h"

// The most rows any path takes through the support vectors together.
#define SONDE_MOST_ROWS 8

#define SONDE_DECLARE(path)                                                                              \
  size_t sonde_decide_##path(const sonde_model *model, const double *rows, size_t row_count,             \
                             double *scratch, double *decisions);                                        \
  void sonde_exp2_negated_##path(const double *values, size_t count, double *results);

SONDE_DECLARE(baseline)
#if defined(__x86_64__)
SONDE_DECLARE(avx2)
SONDE_DECLARE(avx512)
#endif

#endif
