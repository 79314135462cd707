// The path of CPUs with AVX-512 (x86-64-v4: Intel servers since Skylake, AMD since Zen 4).
#include "paths.h"

#if defined(__x86_64__)
#include <math.h>
#include <stdint.h>
#include <string.h>
// The features by name, not arch=x86-64-v4: that name also asks for 256-bit registers to be preferred.
#pragma clang attribute push( \
    __attribute__((target("avx,avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl"))), \
    apply_to = function)
#define SONDE_ROWS 6
#define SONDE_BLOCKS 2
#define SONDE_FMA 1
#define SONDE_NAME(x) sonde_##x##_avx512
#include "kernels.h"
#pragma clang attribute pop
#endif
