// Chooses the path at run time. By hand, not with target_clones: those choose once at load time, and then no test
// or benchmark can run the paths that this machine would not choose.
#include <stdint.h>

#include "paths.h"

#if defined(__x86_64__)
#include <cpuid.h>

// The registers that the operating system saves at a context switch (XCR0).
static uint64_t saved_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

sonde_path sonde_best_path(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return SONDE_PATH_BASELINE;
  const unsigned needed1 = bit_OSXSAVE | bit_AVX | bit_FMA;
  if ((c & needed1) != needed1) return SONDE_PATH_BASELINE;
  const uint64_t saved = saved_state();
  const uint64_t ymm = 0x6, zmm = 0xe6;
  if ((saved & ymm) != ymm) return SONDE_PATH_BASELINE;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return SONDE_PATH_BASELINE;
  const unsigned needed2 = bit_AVX2 | bit_BMI | bit_BMI2;
  if ((b & needed2) != needed2) return SONDE_PATH_BASELINE;
  const unsigned needed3 = bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL;
  if ((b & needed3) != needed3 || (saved & zmm) != zmm) return SONDE_PATH_AVX2;
  return SONDE_PATH_AVX512;
}
#else
sonde_path sonde_best_path(void) { return SONDE_PATH_BASELINE; }
#endif

size_t sonde_scratch_length(size_t features) {
  return features <= SONDE_STACK_FEATURES ? 0 : SONDE_MOST_ROWS * features;
}

size_t sonde_decide(const sonde_model *model, sonde_path path, const double *rows, size_t row_count,
                    double *scratch, double *decisions) {
  switch (path) {
#if defined(__x86_64__)
    case SONDE_PATH_AVX512:
      return sonde_decide_avx512(model, rows, row_count, scratch, decisions);
    case SONDE_PATH_AVX2:
      return sonde_decide_avx2(model, rows, row_count, scratch, decisions);
#endif
    default:
      return sonde_decide_baseline(model, rows, row_count, scratch, decisions);
  }
}

void sonde_exp2_negated(sonde_path path, const double *values, size_t count, double *results) {
  switch (path) {
#if defined(__x86_64__)
    case SONDE_PATH_AVX512:
      sonde_exp2_negated_avx512(values, count, results);
      return;
    case SONDE_PATH_AVX2:
      sonde_exp2_negated_avx2(values, count, results);
      return;
#endif
    default:
      sonde_exp2_negated_baseline(values, count, results);
  }
}
