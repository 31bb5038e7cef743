/* optinc.h as C99 sees it, and one rank of one device in C. */
#include "optinc/capi/optinc.h"

#include <stdio.h>
#include <string.h>

#define EXPECT(condition)                                                                       \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      fprintf(stderr, "line %d: not so: %s (%s)\n", __LINE__, #condition, optinc_last_error()); \
      return 1;                                                                                 \
    }                                                                                           \
  } while (0)

int main(void) {
  const float values[3] = {1.0f, -0.5f, 0.0f};
  float averages[3];
  optinc_fabric* fabric;
  optinc_comm* comm;
  optinc_reducer* reducer;
  optinc_all_reduce_options options;
  optinc_stats stats;

  EXPECT(strlen(optinc_version()) > 0);
  EXPECT(strcmp(optinc_last_error(), "") == 0);
  EXPECT(optinc_fabric_exact(1, 8, OPTINC_ROUNDING_FLOOR, &fabric) == OPTINC_OK);
  EXPECT(optinc_comm_threads(1, 60, &comm) == OPTINC_OK);
  EXPECT(optinc_all_reduce_options_init(&options, sizeof options) == OPTINC_OK);
  options.scale_format = OPTINC_SCALE_EXPONENT8;
  EXPECT(optinc_all_reduce_create(comm, fabric, &options, &reducer) == OPTINC_OK);
  EXPECT(optinc_all_reduce(reducer, values, averages, 3, OPTINC_FLOAT32, OPTINC_AVERAGE, 0, NULL, &stats) == OPTINC_OK);
  /* The largest is 2^0: steps of 2^1 / 2^7, and these are 64, -32 and 0 of them. */
  EXPECT(memcmp(values, averages, sizeof values) == 0);
  /* Three codes of 8 bits, and a scale of 8. */
  EXPECT(stats.payload_bytes == 12 && stats.wire_bytes == 4 && stats.servers == 1);
  EXPECT(optinc_all_reduce(reducer, values, NULL, 3, OPTINC_FLOAT32, OPTINC_AVERAGE, 0, NULL, NULL) ==
         OPTINC_BAD_INPUT);
  EXPECT(strcmp(optinc_last_error(), "out is NULL: expected a pointer") == 0);
  EXPECT(optinc_all_reduce_destroy(reducer) == OPTINC_OK);
  EXPECT(optinc_comm_destroy(comm) == OPTINC_OK);
  EXPECT(optinc_fabric_destroy(fabric) == OPTINC_OK);
  return 0;
}
