#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/capi/testing.h"

namespace optinc::capi {
namespace {

using testing::HasSubstr;

/// A folder of this test's own, gone at the end.
class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "optinc-capi-XXXXXX").string();
    if (mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// rank, size.
std::vector<int> place_of(const optinc_comm* comm) {
  std::vector<int> place(2);
  EXPECT_OK(optinc_comm_rank(comm, &place[0]));
  EXPECT_OK(optinc_comm_size(comm, &place[1]));
  return place;
}

/// 1 + 2 + ... + size over the ring, at this rank.
float sum_of_places(const Comm& comm) {
  const std::vector<int> place = place_of(comm.get());
  float value = static_cast<float>(place[0] + 1);
  optinc_all_reduce_options options = default_options();
  options.algorithm = OPTINC_ALGORITHM_RING;
  const Reducer reducer = make_reducer(comm, nullptr, options);
  EXPECT_OK(
      optinc_all_reduce(reducer.get(), &value, &value, 1, OPTINC_FLOAT32, OPTINC_SUM, 0, nullptr, /*stats=*/nullptr));
  return value;
}

TEST(Comm, ThreadsOfOneProcess) {
  for (const int size : {1, 3, 7}) {
    const std::vector<Comm> comms = thread_comms(size);
    run_threads(size, [&](int rank) {
      EXPECT_EQ(place_of(comms[rank].get()), (std::vector<int>{rank, size}));
      EXPECT_EQ(sum_of_places(comms[rank]), static_cast<float>(size * (size + 1) / 2));
    });
  }
}

TEST(Comm, RanksOverTcpMeetInAFolder) {
  const Folder folder;
  run_threads(3, [&](int rank) {
    optinc_comm* comm = nullptr;
    // The address is what it is by default, too.
    const char* const address = rank == 0 ? nullptr : "127.0.0.1";
    ASSERT_OK(optinc_comm_tcp((folder / "store").c_str(), rank, 3, address, 30, &comm));
    const Comm owner(comm);
    EXPECT_EQ(place_of(comm), (std::vector<int>{rank, 3}));
    EXPECT_EQ(sum_of_places(owner), 6.0f);
  });
}

TEST(Comm, ARankThatDoesNotComeIsNamedAfterTheDeadline) {
  const Folder folder;
  optinc_comm* comm = nullptr;
  EXPECT_EQ(optinc_comm_tcp((folder / "store").c_str(), 0, 2, nullptr, 0.1, &comm), OPTINC_FAILED);
  EXPECT_THAT(optinc_last_error(), HasSubstr("rank 0 of 2: no connection with rank 1 within 0.1 s"));
  EXPECT_EQ(comm, nullptr);
}

TEST(Comm, AbortTellsTheOthersAtOnceAndWhy) {
  const std::vector<Comm> comms = thread_comms(2);
  optinc_all_reduce_options options = default_options();
  options.algorithm = OPTINC_ALGORITHM_TREE;
  const Reducer reducer = make_reducer(comms[0], nullptr, options);
  EXPECT_OK(optinc_comm_abort(comms[1].get(), "no data"));
  float value = 1;
  EXPECT_EQ(optinc_all_reduce(reducer.get(), &value, &value, 1, OPTINC_FLOAT32, OPTINC_SUM, 0, nullptr, nullptr),
            OPTINC_FAILED);
  EXPECT_THAT(optinc_last_error(), HasSubstr("rank 1 has given up: no data"));
}

TEST(Comm, RefusesNumbersThatCanNotBe) {
  optinc_comm* comms[2] = {};
  EXPECT_REFUSED(optinc_comm_threads(0, 60, comms), "0 ranks as threads: expected 1 .. 256");
  EXPECT_REFUSED(optinc_comm_threads(257, 60, comms), "257 ranks as threads: expected 1 .. 256");
  EXPECT_REFUSED(optinc_comm_threads(2, 0, comms), "a deadline of 0 s: expected more than 0, at most 1e6");
  EXPECT_EQ(comms[0], nullptr);

  const Folder folder;
  const std::string store = folder / "store", file = folder / "file";
  std::ofstream(file) << "not a folder";
  EXPECT_REFUSED(optinc_comm_tcp(store.c_str(), 0, 0, nullptr, 1, comms), "0 ranks over TCP: expected 1 .. 65536");
  EXPECT_REFUSED(optinc_comm_tcp(store.c_str(), 2, 2, nullptr, 1, comms), "rank 2 of 2: expected 0 .. 1");
  EXPECT_REFUSED(optinc_comm_tcp(store.c_str(), -1, 2, nullptr, 1, comms), "rank -1 of 2: expected 0 .. 1");
  EXPECT_REFUSED(optinc_comm_tcp(store.c_str(), 0, 2, nullptr, -1, comms),
                 "a deadline of -1 s: expected more than 0, at most 1e6");
  EXPECT_REFUSED(optinc_comm_tcp("", 0, 2, nullptr, 1, comms), "store_folder \"\": expected the path of a folder");
  EXPECT_EQ(optinc_comm_tcp(file.c_str(), 0, 2, nullptr, 1, comms), OPTINC_BAD_INPUT);
  EXPECT_THAT(optinc_last_error(), HasSubstr("can't be made a folder"));
  EXPECT_EQ(optinc_comm_tcp(store.c_str(), 0, 2, "no.such.host.invalid", 1, comms), OPTINC_BAD_INPUT);
  EXPECT_THAT(optinc_last_error(), HasSubstr("no.such.host.invalid"));
}

TEST(Comm, RefusesNullWhereSomethingIsNeeded) {
  const std::vector<Comm> made = thread_comms(1);
  optinc_comm* comm = nullptr;
  int number = 0;
  const char* const no_comm = "comm is NULL: expected a pointer";
  EXPECT_REFUSED(optinc_comm_threads(1, 60, nullptr), "comms is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_comm_tcp(nullptr, 0, 1, nullptr, 60, &comm), "store_folder is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_comm_tcp("store", 0, 1, nullptr, 60, nullptr), no_comm);
  EXPECT_REFUSED(optinc_comm_mpi(0, 60, nullptr), no_comm);
  EXPECT_REFUSED(optinc_comm_rank(nullptr, &number), no_comm);
  EXPECT_REFUSED(optinc_comm_size(nullptr, &number), no_comm);
  EXPECT_REFUSED(optinc_comm_rank(made[0].get(), nullptr), "rank is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_comm_size(made[0].get(), nullptr), "size is NULL: expected a pointer");
  EXPECT_REFUSED(optinc_comm_abort(nullptr, "why"), no_comm);
  EXPECT_REFUSED(optinc_comm_abort(made[0].get(), nullptr), "why is NULL: expected a pointer");
  EXPECT_OK(optinc_comm_destroy(nullptr));
}

// What it does under mpirun: tests/package.
TEST(Comm, MpiIsRefusedWhereItIsNotThere) {
  optinc_comm* comm = nullptr;
#ifdef OPTINC_WITH_MPI
  EXPECT_REFUSED(optinc_comm_mpi(0, 60, &comm), "communicator 0 of MPI: expected MPI_Init_thread before");
  EXPECT_REFUSED(optinc_comm_mpi(0, 0, &comm), "a deadline of 0 s: expected more than 0, at most 1e6");
#else
  EXPECT_REFUSED(optinc_comm_mpi(0, 60, &comm),
                 "communicator 0 of MPI, deadline 60 s: this library was built without MPI");
#endif
  EXPECT_EQ(comm, nullptr);
}

}  // namespace
}  // namespace optinc::capi
