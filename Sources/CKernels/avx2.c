// The path of CPUs with AVX2 and FMA (x86-64-v3: Intel since Haswell, AMD since Excavator).
#include "paths.h"

#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx,avx2,fma,bmi,bmi2"))), apply_to = function)
#define SONDE_ROWS 6
#define SONDE_BLOCKS 1
#define SONDE_FMA 1
#define SONDE_NAME(x) sonde_##x##_avx2
#include "kernels.h"
#pragma clang attribute pop
#endif
