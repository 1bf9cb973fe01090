#include "CKernels.h"
#include "dot.h"

bool rearview_kernel_is_available(rearview_kernel kernel) {
  switch (kernel) {
    case REARVIEW_KERNEL_PORTABLE: return true;
#if defined(__x86_64__)
    case REARVIEW_KERNEL_SSE2: return true;
    case REARVIEW_KERNEL_AVX2: return __builtin_cpu_supports("avx2");
    case REARVIEW_KERNEL_NEON: return false;
#elif defined(__aarch64__)
    case REARVIEW_KERNEL_NEON: return true;
    case REARVIEW_KERNEL_SSE2:
    case REARVIEW_KERNEL_AVX2: return false;
#else
    case REARVIEW_KERNEL_SSE2:
    case REARVIEW_KERNEL_AVX2:
    case REARVIEW_KERNEL_NEON: return false;
#endif
  }
  return false;
}

rearview_kernel rearview_kernel_in_use(void) {
  static const rearview_kernel widest_first[] = {REARVIEW_KERNEL_AVX2, REARVIEW_KERNEL_SSE2, REARVIEW_KERNEL_NEON};
  for (size_t i = 0; i < sizeof widest_first / sizeof *widest_first; i++) {
    if (rearview_kernel_is_available(widest_first[i])) return widest_first[i];
  }
  return REARVIEW_KERNEL_PORTABLE;
}

const char *rearview_kernel_name(rearview_kernel kernel) {
  switch (kernel) {
    case REARVIEW_KERNEL_PORTABLE: return "portable";
    case REARVIEW_KERNEL_SSE2: return "SSE2";
    case REARVIEW_KERNEL_AVX2: return "AVX2";
    case REARVIEW_KERNEL_NEON: return "NEON";
  }
  return "portable";
}

static dot_function *dot_of(rearview_kernel kernel) {
  switch (kernel) {
#if defined(__x86_64__)
    case REARVIEW_KERNEL_SSE2: return rearview_dot_sse2;
    case REARVIEW_KERNEL_AVX2: return rearview_dot_avx2;
#elif defined(__aarch64__)
    case REARVIEW_KERNEL_NEON: return rearview_dot_neon;
#endif
    default: return rearview_dot_portable;
  }
}

void rearview_int8_scores_by(
    rearview_kernel kernel, const int8_t *query, const int8_t *rows, size_t count, size_t dimension,
    const float *scales, float query_scale, float *scores) {
  dot_function *dot = dot_of(kernel);
  for (size_t i = 0; i < count; i++) {
    scores[i] = (float)dot(query, rows + i * dimension, dimension) * query_scale * scales[i];
  }
}

void rearview_int8_scores(
    const int8_t *query, const int8_t *rows, size_t count, size_t dimension, const float *scales, float query_scale,
    float *scores) {
  rearview_int8_scores_by(rearview_kernel_in_use(), query, rows, count, dimension, scales, query_scale, scores);
}
