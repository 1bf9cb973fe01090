// The numbers are widened to 16 bits before they are multiplied: the instruction that multiplies 8 bits saturates.
#include "dot.h"

#if defined(__x86_64__)
#include <immintrin.h>

static int32_t sum_of(__m128i sums) {
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, _MM_SHUFFLE(1, 0, 3, 2)));
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(sums);
}

int32_t rearview_dot_sse2(const int8_t *left, const int8_t *right, size_t dimension) {
  __m128i low = _mm_setzero_si128();
  __m128i high = _mm_setzero_si128();
  size_t i = 0;
  for (; i + 16 <= dimension; i += 16) {
    const __m128i l = _mm_loadu_si128((const __m128i *)(left + i));
    const __m128i r = _mm_loadu_si128((const __m128i *)(right + i));
    // A byte in the upper half of 16 bits, shifted down with its sign.
    low = _mm_add_epi32(
        low, _mm_madd_epi16(
                 _mm_srai_epi16(_mm_unpacklo_epi8(l, l), 8), _mm_srai_epi16(_mm_unpacklo_epi8(r, r), 8)));
    high = _mm_add_epi32(
        high, _mm_madd_epi16(
                  _mm_srai_epi16(_mm_unpackhi_epi8(l, l), 8), _mm_srai_epi16(_mm_unpackhi_epi8(r, r), 8)));
  }
  return sum_of(_mm_add_epi32(low, high)) + rearview_dot_portable(left + i, right + i, dimension - i);
}

__attribute__((target("avx2"))) static inline __m256i widened(const int8_t *numbers) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)numbers));
}

__attribute__((target("avx2"))) int32_t rearview_dot_avx2(
    const int8_t *left, const int8_t *right, size_t dimension) {
  __m256i even = _mm256_setzero_si256();
  __m256i odd = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 32 <= dimension; i += 32) {
    even = _mm256_add_epi32(even, _mm256_madd_epi16(widened(left + i), widened(right + i)));
    odd = _mm256_add_epi32(odd, _mm256_madd_epi16(widened(left + i + 16), widened(right + i + 16)));
  }
  if (i + 16 <= dimension) {
    even = _mm256_add_epi32(even, _mm256_madd_epi16(widened(left + i), widened(right + i)));
    i += 16;
  }
  const __m256i sums = _mm256_add_epi32(even, odd);
  return sum_of(_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1))) +
         rearview_dot_portable(left + i, right + i, dimension - i);
}
#endif
