// The all-reduce that light computes, for C99 and for whatever calls C (doc/c_api.md: how to link, an example).
//
//   fabric   which optics are between the ranks; any number of reducers and threads share one
//   comm     one rank's end of a communicator: threads of a process, processes over TCP, processes of an MPI job
//   reducer  the all-reduce of one rank: a communicator, a fabric and options
//
// Rules:
//   - A function returns OPTINC_OK, or another status and leaves one line for optinc_last_error(). What a failed
//     function was to make is NULL.
//   - A comm and its reducers are used by one thread at a time. Different ranks do not disturb each other.
//   - What is made is destroyed by the caller, in any order: a reducer keeps alive what it needs. Destroying NULL is
//     fine.
//   - One of several names is an int, not an enumeration: the same width in every language.
//
// NOLINTBEGIN(readability-identifier-naming,modernize-*): C.
#ifndef OPTINC_H
#define OPTINC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int optinc_status;
enum {
  OPTINC_OK = 0,
  OPTINC_BAD_INPUT = 1,  // an argument or a file that can't be used; the line says what was expected
  OPTINC_FAILED = 2,     // something broke while running: a rank that is late or gone, a message, memory
  OPTINC_EXCLUDED = 3    // the other ranks go on without this one (OPTINC_ON_FAULT_SURVIVORS)
};

// "0.1.0".
const char* optinc_version(void);
// What the last function of this thread that did not return OPTINC_OK has to say: one line; "" before the first. Valid
// until this thread's next function that does not return OPTINC_OK.
const char* optinc_last_error(void);

// Fabrics

typedef struct optinc_fabric optinc_fabric;

// What answers for a design's optical neural network (ONN).
enum {
  OPTINC_EVALUATION_AUTO = 0,         // integer where the design's file says that every input was right, else onn
  OPTINC_EVALUATION_INTEGER = 1,      // the exact average, in integers
  OPTINC_EVALUATION_ONN = 2,          // the ONN's answers, from a table where possible inputs are few
  OPTINC_EVALUATION_EVERY_SYMBOL = 3  // the ONN's forward pass for every element
};
// What is between the levels of a cascade: a regenerator, or nothing.
enum { OPTINC_CASCADE_SNAPPED = 0, OPTINC_CASCADE_ANALOG = 1 };
// How the average of the codes becomes a code (doc/notation.md).
enum { OPTINC_ROUNDING_FLOOR = 0, OPTINC_ROUNDING_NEAREST = 1, OPTINC_ROUNDING_NEAREST_UNBIASED = 2 };

// One device, from its design file (doc/format_design.md). evaluation: OPTINC_EVALUATION_...
optinc_status optinc_fabric_from_design(const char* path, int evaluation, optinc_fabric** fabric);
// N devices of level 1 on one of level 2, each with N ports: N^2 ports. mode: OPTINC_CASCADE_...
optinc_status optinc_fabric_cascade(const char* level_1_path, const char* level_2_path, int mode, int evaluation,
                                    optinc_fabric** fabric);
// What a device gives that is right on every input, without a design. ports: 1 .. 65536; bits of a code: 2 .. 32;
// rounding: OPTINC_ROUNDING_...
optinc_status optinc_fabric_exact(int ports, int bits, int rounding, optinc_fabric** fabric);
optinc_status optinc_fabric_ports(const optinc_fabric* fabric, int* ports);  // ranks that can be connected
optinc_status optinc_fabric_bits(const optinc_fabric* fabric, int* bits);    // of a code
optinc_status optinc_fabric_rounding(const optinc_fabric* fabric, int* rounding);
optinc_status optinc_fabric_evaluation(const optinc_fabric* fabric, int* evaluation);  // in use: never AUTO
optinc_status optinc_fabric_destroy(optinc_fabric* fabric);

// Communicators. deadline_s: seconds that one exchange of messages may take, more than 0, at most 1e6; longer than the
// longest pause of a rank between two calls.

typedef struct optinc_comm optinc_comm;

// Ranks 0 .. size - 1 as threads of this process, 1 .. 256 of them: comms[r] is for the thread that is rank r.
optinc_status optinc_comm_threads(int size, double deadline_s, optinc_comm** comms);
// This process as a rank, over TCP; every message has a checksum. All ranks give the same store_folder, which they
// share and which nobody has used before (it is made where there is none), and the same size, 1 .. 65536. address: of
// this machine, as the others reach it; NULL: 127.0.0.1. Returns when all are connected, at the latest after the
// deadline.
optinc_status optinc_comm_tcp(const char* store_folder, int rank, int size, const char* address, double deadline_s,
                              optinc_comm** comm);
// This process as a rank of a communicator of MPI, given as MPI_Comm_c2f(communicator). All of its processes call this
// together, after MPI_Init_thread with MPI_THREAD_FUNNELED or more, and end it together, before MPI_Finalize. The
// communicator is copied. A rank that dies takes the job with it. OPTINC_BAD_INPUT in a library built without MPI.
optinc_status optinc_comm_mpi(int fortran_comm, double deadline_s, optinc_comm** comm);
optinc_status optinc_comm_rank(const optinc_comm* comm, int* rank);
optinc_status optinc_comm_size(const optinc_comm* comm, int* size);
// Tells the other ranks that this one gives up, and why, so that they fail now and not at their deadline. Over MPI:
// prints the reason and ends the job with MPI_Abort. After OPTINC_FAILED: optinc_comm_abort(comm, optinc_last_error()).
optinc_status optinc_comm_abort(optinc_comm* comm, const char* why);
// The communicator ends when its reducers are destroyed, too. A rank that still waits for this one fails at once over
// TCP, at its deadline over threads.
optinc_status optinc_comm_destroy(optinc_comm* comm);

// All-reduce

typedef struct optinc_reducer optinc_reducer;

enum {
  OPTINC_ALGORITHM_OPTINC = 0,  // quantise, average in the fabric, dequantise
  // Electrical messages in the elements' own type, to compare with. Of the options only checksum and on_fault (abort)
  // are theirs.
  OPTINC_ALGORITHM_RING = 1,
  OPTINC_ALGORITHM_RABENSEIFNER = 2,
  OPTINC_ALGORITHM_TREE = 3
};
// The scale that a block's elements share: 16 bits of it on the wire, or 8.
enum { OPTINC_SCALE_ABSMAX16 = 0, OPTINC_SCALE_EXPONENT8 = 1 };
// How a value becomes a code: to the nearest, ties to even; or by chance, so that the mean of the codes is the value.
enum { OPTINC_QUANTISER_HALF_EVEN = 0, OPTINC_QUANTISER_STOCHASTIC = 1 };
// What happens when a rank dies or is late, or a message is corrupted (doc/collective.md).
enum {
  OPTINC_ON_FAULT_ABORT = 0,     // the call fails at every rank
  OPTINC_ON_FAULT_RING = 1,      // the call is done again by the electrical ring; all ranks must still be there
  OPTINC_ON_FAULT_SURVIVORS = 2  // the average over the ranks that are there, from now on
};

// Each with its default.
typedef struct optinc_all_reduce_options {
  size_t size;       // of this struct: optinc_all_reduce_options_init puts it here
  int algorithm;     // OPTINC_ALGORITHM_OPTINC
  int scale_format;  // OPTINC_SCALE_ABSMAX16
  int quantiser;     // OPTINC_QUANTISER_HALF_EVEN
  int on_fault;      // OPTINC_ON_FAULT_ABORT. Over MPI a dead rank ends the job, whatever is asked for.
  size_t block;      // 256: elements that share a scale, 1 .. 2^30
  uint64_t seed;     // 0: of all random bits
  size_t chunk;      // 2^18: elements that are under way together, 1 or more; results do not depend on it
  int threads;       // 1: that encode and decode, a rank; 0: all there are; results do not depend on it
  int checksum;      // 0; 1: XXH3-64 behind every message (TCP has its own in any case)
  // NULL; or called by the thread that is in optinc_all_reduce, with one line about each fault that was survived.
  void (*notice)(void* context, const char* line);
  void* notice_context;  // NULL: what notice gets
} optinc_all_reduce_options;

// The defaults. size: sizeof *options.
optinc_status optinc_all_reduce_options_init(optinc_all_reduce_options* options, size_t size);
// All ranks make theirs alike, in the same order. options: NULL for the defaults. fabric: with at least as many ports
// as there are ranks; NULL for an electrical algorithm. A reducer with OPTINC_ON_FAULT_RING or
// OPTINC_ON_FAULT_SURVIVORS is the only one that its communicator ever has.
optinc_status optinc_all_reduce_create(optinc_comm* comm, const optinc_fabric* fabric,
                                       const optinc_all_reduce_options* options, optinc_reducer** reducer);

enum { OPTINC_FLOAT32 = 0, OPTINC_FLOAT16 = 1, OPTINC_BFLOAT16 = 2 };
enum { OPTINC_SUM = 0, OPTINC_AVERAGE = 1 };

typedef struct optinc_stats {
  uint64_t payload_bytes;      // elements times their size
  uint64_t wire_bytes;         // that this rank's port sends in the modelled system
  uint64_t non_finite_blocks;  // blocks that are NaN at every rank now
  int rounds;                  // messages, one after the other, that the result waits for in that system
  int servers;                 // ranks whose elements are in the result
  int fell_back;               // 1: the electrical ring took the place of the optics; else 0
  int reserved[5];             // 0
} optinc_stats;

// out [count] becomes the sum or the average of all ranks' in [count]: the same bits at every rank, whatever connects
// them (doc/numerics.md). All ranks call it together, with the same count (0 is fine), type, op and first_element.
//   out            in itself, or memory apart from it; any alignment. Unspecified after a failure.
//   type, op       OPTINC_FLOAT32 ..., OPTINC_SUM or OPTINC_AVERAGE
//   first_element  the place of element 0 in the random streams: step * length, so that a resumed run draws what the
//                  unbroken one would have drawn
//   residual       NULL; or error feedback: [count] of this rank's own, zeros at first, apart from in and out
//   stats          NULL, or filled
// After OPTINC_FAILED or OPTINC_EXCLUDED all further calls on this communicator fail with the same line.
optinc_status optinc_all_reduce(optinc_reducer* reducer, const void* in, void* out, size_t count, int type, int op,
                                uint64_t first_element, float* residual, optinc_stats* stats);
// The ranks that take part, ascending: all, until OPTINC_ON_FAULT_SURVIVORS has lost some. ranks: room for the
// communicator's size; *count of them are filled.
optinc_status optinc_all_reduce_members(const optinc_reducer* reducer, int* ranks, int* count);
optinc_status optinc_all_reduce_destroy(optinc_reducer* reducer);

#ifdef __cplusplus
}
#endif

#endif
// NOLINTEND(readability-identifier-naming,modernize-*)
