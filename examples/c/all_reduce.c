// Ranks average 1,000 numbers each through one optical device: four threads of this process, or the processes of MPI.
//   cc all_reduce.c -o all_reduce $(pkg-config --cflags --libs optinc) -pthread
//   mpicc -DOPTINC_EXAMPLE_MPI all_reduce.c -o all_reduce_mpi $(pkg-config --cflags --libs optinc)
// Its argument: a design file with a port for every rank; without, what stands for a device that is always right.
#include <optinc.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef OPTINC_EXAMPLE_MPI
#include <mpi.h>
#else
#include <pthread.h>
#endif

enum { RANKS = 4, COUNT = 1000 };
static optinc_fabric* fabric;

static void check(optinc_status status) {
  if (status == OPTINC_OK) return;
  fprintf(stderr, "all_reduce: %s\n", optinc_last_error());
  exit(status == OPTINC_BAD_INPUT ? 2 : 1);
}

static void* run_rank(void* comm) {
  int rank, i;
  float values[COUNT];
  optinc_reducer* reducer;
  optinc_stats stats;
  check(optinc_comm_rank(comm, &rank));
  for (i = 0; i < COUNT; ++i) values[i] = (rank + 1) * (i / (float)COUNT);
  check(optinc_all_reduce_create(comm, fabric, NULL, &reducer));
  check(optinc_all_reduce(reducer, values, values, COUNT, OPTINC_FLOAT32, OPTINC_AVERAGE, 0, NULL, &stats));
  if (rank == 0) {
    printf("%d ranks: %d bytes each, %d on the wire\n", stats.servers, (int)stats.payload_bytes, (int)stats.wire_bytes);
    for (i = 99; i < COUNT; i += 450) printf("%.4f is %.4f\n", (stats.servers + 1) * i / 2.0 / COUNT, values[i]);
  }
  check(optinc_all_reduce_destroy(reducer));
  check(optinc_comm_destroy(comm));
  return NULL;
}

int main(int argc, char** argv) {
  int i;
  optinc_comm* comms[RANKS];
  check(argc > 1 ? optinc_fabric_from_design(argv[1], OPTINC_EVALUATION_AUTO, &fabric)
                 : optinc_fabric_exact(RANKS, 8, OPTINC_ROUNDING_NEAREST, &fabric));
#ifdef OPTINC_EXAMPLE_MPI
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &i);
  check(optinc_comm_mpi(MPI_Comm_c2f(MPI_COMM_WORLD), 60, &comms[0]));
  run_rank(comms[0]);
  MPI_Finalize();
#else
  pthread_t threads[RANKS];
  check(optinc_comm_threads(RANKS, 60, comms));
  for (i = 0; i < RANKS; ++i) pthread_create(&threads[i], NULL, run_rank, comms[i]);
  for (i = 0; i < RANKS; ++i) pthread_join(threads[i], NULL);
#endif
  check(optinc_fabric_destroy(fabric));
  return 0;
}
