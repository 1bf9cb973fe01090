#include "dot.h"

#if defined(__aarch64__)
#include <arm_neon.h>

int32_t rearview_dot_neon(const int8_t *left, const int8_t *right, size_t dimension) {
  int32x4_t low = vdupq_n_s32(0);
  int32x4_t high = vdupq_n_s32(0);
  size_t i = 0;
  for (; i + 16 <= dimension; i += 16) {
    const int8x16_t l = vld1q_s8(left + i);
    const int8x16_t r = vld1q_s8(right + i);
    // A product of two bytes fits 16 bits, a sum of two products may not: they are added in pairs to 32 bits.
    low = vpadalq_s16(low, vmull_s8(vget_low_s8(l), vget_low_s8(r)));
    high = vpadalq_s16(high, vmull_high_s8(l, r));
  }
  return vaddvq_s32(vaddq_s32(low, high)) + rearview_dot_portable(left + i, right + i, dimension - i);
}
#endif
