#include "dot.h"

int32_t rearview_dot_portable(const int8_t *left, const int8_t *right, size_t dimension) {
  int32_t sum = 0;
  for (size_t i = 0; i < dimension; i++) sum += left[i] * right[i];
  return sum;
}
