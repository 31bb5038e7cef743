/* OptINC's all-reduce from C: gradients averaged through an emulated optical switch, or by electrical algorithms.
 *
 * Every function that can fail returns an optinc_status; optinc_last_error() then says why, in one line. Handles are made
 * by *_create and friends and given back by *_destroy, which take NULL, too. A handle is for one thread at a time.
 * What comes out of an all-reduce, to the bit: doc/numerics.md. */
#ifndef OPTINC_H
#define OPTINC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum optinc_status {
  OPTINC_OK = 0,
  OPTINC_FAILED = 1,    /* something broke while running: a peer that is dead, a deadline */
  OPTINC_BAD_INPUT = 2, /* an argument or a file that can't be */
  OPTINC_EXCLUDED = 3   /* the other ranks have gone on without this one */
} optinc_status;

/* "0.1.0" */
const char* optinc_version(void);
/* Why the last call of this thread failed, in one line; "" if none has. Valid until the next call of this thread. */
const char* optinc_last_error(void);

/* ---- Fabrics: what averages ---- */

typedef struct optinc_fabric optinc_fabric;

/* One device, from a design file. evaluation: "auto" (integers for a design that was right on every input, else the ONN),
 * "integer", "onn" or "every-symbol"; NULL is "auto". */
optinc_status optinc_fabric_from_design(const char* path, const char* evaluation, optinc_fabric** fabric);
/* A cascade of N^2 ports from the designs of its levels. mode: "snapped" or "analog"; NULL is "snapped". */
optinc_status optinc_fabric_cascade(const char* level_1, const char* level_2, const char* mode, const char* evaluation,
                                    optinc_fabric** fabric);
/* An exact device without a design. rounding: "floor", "nearest" or "nearest-unbiased". */
optinc_status optinc_fabric_integer(int ports, int bits, const char* rounding, optinc_fabric** fabric);
int optinc_fabric_ports(const optinc_fabric* fabric);
int optinc_fabric_bits(const optinc_fabric* fabric);
void optinc_fabric_destroy(optinc_fabric* fabric);

/* ---- Communicators: the ranks ---- */

typedef struct optinc_comm optinc_comm;
typedef struct optinc_hub optinc_hub;

/* Ranks as threads: a hub for `size` of them, then a communicator a rank. An exchange of messages may take deadline_s
 * seconds. The hub outlives its communicators. */
optinc_status optinc_hub_create(int size, double deadline_s, optinc_hub** hub);
void optinc_hub_destroy(optinc_hub* hub);
optinc_status optinc_comm_threads(optinc_hub* hub, int rank, optinc_comm** comm);

/* Ranks as processes of an MPI job that has called MPI_Init. parent: MPI_Comm_c2f of a communicator; its processes that give
 * the same group (0 or more) are the ranks, and all of them call this together. When a rank fails it ends the job. */
optinc_status optinc_comm_mpi(int parent, int group, double deadline_s, optinc_comm** comm);

/* Ranks as processes joined by TCP on this machine, which meet in a folder. prefix tells groups in one folder apart; NULL
 * is "optinc". Returns when all are there. */
optinc_status optinc_comm_tcp(const char* folder, const char* prefix, int rank, int size, double deadline_s,
                              optinc_comm** comm);

int optinc_comm_rank(const optinc_comm* comm);
int optinc_comm_size(const optinc_comm* comm);
/* Tells the other ranks that this one gives up, and why: they fail at once. */
void optinc_comm_abort(optinc_comm* comm, const char* why);
void optinc_comm_destroy(optinc_comm* comm);

/* ---- All-reduce ---- */

typedef struct optinc_all_reduce optinc_all_reduce;

typedef enum optinc_type { OPTINC_FLOAT32 = 0, OPTINC_FLOAT16 = 1, OPTINC_BFLOAT16 = 2 } optinc_type;
typedef enum optinc_op { OPTINC_SUM = 0, OPTINC_AVG = 1 } optinc_op;

/* Strings that are NULL mean the first that is named. Fill it with optinc_options_init() first. */
typedef struct optinc_options {
  size_t size;              /* of this struct, for versions to come */
  const char* algorithm;    /* "optinc", "ring", "rabenseifner", "tree", "int32-switch" */
  size_t block;             /* elements that share a scale */
  const char* scale_format; /* "absmax16", "exponent8" */
  int stochastic;           /* quantise by chance, without bias; else half to even */
  uint64_t seed;            /* of all random bits */
  size_t chunk;             /* elements that go through together */
  int threads;              /* that encode and decode, a rank; 0: all */
  int checksum;             /* of every message */
  const char* on_fault;     /* "abort", "ring", "survivors": of optinc */
} optinc_options;
void optinc_options_init(optinc_options* options);

/* All ranks give the same options. fabric: for "optinc", else NULL. comm and fabric must outlive it. */
optinc_status optinc_all_reduce_create(optinc_comm* comm, const optinc_fabric* fabric, const optinc_options* options,
                                       optinc_all_reduce** all_reduce);

typedef struct optinc_stats {
  uint64_t payload_bytes;     /* elements times their size */
  uint64_t wire_bytes;        /* that this rank's port sends in the modelled system */
  uint64_t non_finite_blocks; /* that are NaN at every rank now */
  int rounds;                 /* that the result waits for in that system */
  int servers;                /* whose tensors are in the result */
  int fell_back;              /* whether the electrical ring took the place of the optics */
} optinc_stats;

/* output [count] becomes the sum or average of all ranks' inputs [count]; they are the same memory or apart. All ranks call
 * it together. first_element: the place of element 0 in the random streams (use step * count). residual: NULL, or float
 * [count] for error feedback, zeros at first. stats: NULL, or what is told about the call. */
optinc_status optinc_all_reduce_run(optinc_all_reduce* all_reduce, const void* input, void* output, size_t count,
                                    optinc_type type, optinc_op op, uint64_t first_element, float* residual,
                                    optinc_stats* stats);
void optinc_all_reduce_destroy(optinc_all_reduce* all_reduce);

#ifdef __cplusplus
}
#endif

#endif
