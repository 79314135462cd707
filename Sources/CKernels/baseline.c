// The path of every CPU: SSE2 on x86-64, Advanced SIMD on arm64.
#include "paths.h"

#if defined(__x86_64__)
// Sixteen registers of two doubles hold two rows of eight lanes and what they are computed with.
#define SONDE_ROWS 2
#define SONDE_FMA 0
#else
#define SONDE_ROWS 6
#define SONDE_FMA 1
#endif
#define SONDE_BLOCKS 1
#define SONDE_NAME(x) sonde_##x##_baseline
#include "kernels.h"
