#include "CKernels.h"

// Written whether it counts or not: a branch would be guessed wrong too often.
#define NEAR_MASKS                                            \
  size_t length = 0;                                          \
  for (size_t i = 0; i < count; i++) {                        \
    found[length] = (uint32_t)i;                              \
    length += __builtin_popcountll(asked & ~masks[i]) <= limit; \
  }                                                           \
  return length;

static size_t near_masks(const uint64_t *masks, size_t count, uint64_t asked, int limit, uint32_t *found) { NEAR_MASKS }

#if defined(__x86_64__)
__attribute__((target("popcnt"))) static size_t near_masks_by_popcnt(
    const uint64_t *masks, size_t count, uint64_t asked, int limit, uint32_t *found) {
  NEAR_MASKS
}
#endif

size_t rearview_near_masks(const uint64_t *masks, size_t count, uint64_t asked, int limit, uint32_t *found) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("popcnt")) return near_masks_by_popcnt(masks, count, asked, limit, found);
#endif
  return near_masks(masks, count, asked, limit, found);
}
