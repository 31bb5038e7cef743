#include "optinc/workload/training.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "optinc/base/atomic_file.h"
#include "optinc/base/error.h"
#include "optinc/collective/electrical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/workload/rank_exchange.h"

namespace optinc::workload {
namespace {

using base::InputError;
using base::Json;
using base::RunError;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

const RunDescription kRun{.reduce = "ring", .transport = "threads", .config = {{"steps", 6}}, .design = nullptr};

std::filesystem::path scratch(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / ("training-" + name);
  std::filesystem::remove_all(path);
  return path;
}

/// The tokeniser of the tests' text is trained once for all of them.
const std::filesystem::path& tokeniser_cache() {
  static const std::filesystem::path folder = scratch("tokenisers");
  return folder;
}

TrainOptions small_options() {
  TrainOptions options;
  options.corpus = {
      .train_text = "data/wikipedia-excerpt/valid.txt", .vocab = 320, .tokeniser_cache = tokeniser_cache()};
  options.model = {.layers = 2, .hidden = 32, .heads = 2, .context = 16};
  options.steps = 6;
  options.batch = 2;
  options.warmup_steps = 2;
  options.validate_every = 3;
  options.validation_windows = 10;
  return options;
}

struct TrainedRun {
  std::vector<Json> records;
  std::vector<TrainResult> results;  // a rank

  std::vector<Json> of_type(const std::string& type) const {
    std::vector<Json> found;
    for (const Json& record : records) {
      if (record.at("type") == type) found.push_back(record);
    }
    return found;
  }
  /// Of the steps, then of the validations.
  std::vector<double> losses() const {
    std::vector<double> found;
    for (const char* type : {"step", "validation"}) {
      for (const Json& record : of_type(type)) found.push_back(record.at("loss"));
    }
    return found;
  }
};

TrainedRun run(const TrainOptions& options, int workers, const std::filesystem::path& file = scratch("records.jsonl"),
               base::RecordMode mode = base::RecordMode::replace) {
  TrainedRun done;
  done.results.resize(workers);
  {
    base::RecordWriter records(file, mode);
    collective::run_ranks(workers, {}, [&](collective::Transport& transport) {
      collective::RingAllReduce ring(transport);
      done.results[transport.rank()] = train_worker(options, kRun, transport, ring, {.records = &records});
    });
  }
  done.records = base::read_records(file);
  return done;
}

TEST(Train, WritesTheRecordsOfItsFormat) {
  const TrainedRun trained = run(small_options(), 2);
  const auto keys = [](const Json& record) {
    std::vector<std::string> found;
    for (const auto& [key, value] : record.items()) found.push_back(key);
    return found;
  };
  const Json described = trained.of_type("run").at(0);
  EXPECT_THAT(keys(described), ElementsAre("type", "command", "version", "reduce", "workers", "transport", "seed",
                                           "config", "parameters", "design", "train_tokens", "validation_tokens"));
  EXPECT_EQ(described["reduce"], "ring");
  EXPECT_EQ(described["workers"], 2);
  EXPECT_EQ(described["config"], Json({{"steps", 6}}));
  EXPECT_TRUE(described["design"].is_null());

  const std::vector<Json> steps = trained.of_type("step");
  ASSERT_EQ(steps.size(), 6u);
  for (int i = 0; i < 6; ++i) {
    EXPECT_THAT(keys(steps[i]), ElementsAre("type", "step", "loss", "learning_rate", "seconds", "non_finite_blocks"));
    EXPECT_EQ(steps[i]["step"], i + 1);
    EXPECT_EQ(steps[i]["non_finite_blocks"], 0);
  }
  EXPECT_THAT(trained.of_type("validation"), testing::SizeIs(2));
  EXPECT_EQ(trained.of_type("validation")[1]["step"], 6);

  const Json result = trained.of_type("result").at(0);
  EXPECT_THAT(keys(result), ElementsAre("type", "steps", "validation_loss", "seconds", "reduce_seconds",
                                        "payload_bytes", "wire_bytes"));
  EXPECT_EQ(result["validation_loss"], trained.of_type("validation")[1]["loss"]);
  // Two ranks, a ring: each sends the payload once.
  const std::uint64_t payload = 6 * 4 * described["parameters"].get<std::uint64_t>();
  EXPECT_EQ(result["payload_bytes"], payload);
  EXPECT_EQ(result["wire_bytes"], payload);
  EXPECT_LT(result["reduce_seconds"], result["seconds"]);
}

TEST(Train, FourWorkersGiveTheSameLossesInEveryRun) {
  const TrainedRun once = run(small_options(), 4), again = run(small_options(), 4);
  EXPECT_EQ(once.losses(), again.losses());
  // All ranks end with the same model.
  for (const TrainResult& result : once.results) {
    EXPECT_EQ(result.validation_loss, once.results[0].validation_loss);
    EXPECT_EQ(result.steps, 6);
  }
  TrainOptions other = small_options();
  other.seed = 2;
  EXPECT_NE(run(other, 4).losses(), once.losses());
}

TEST(Train, TheLossIsTheMeanOverWorkers) {
  TrainOptions options = small_options();
  options.steps = 1;
  LlamaOptions shape = options.model;
  shape.vocab = options.corpus.vocab;
  const Corpus corpus = load_corpus(options.corpus);
  const Llama model(shape, options.seed);
  double sum = 0;
  for (int worker = 0; worker < 3; ++worker) {
    const auto tokens = draw_batch(corpus.train, shape.context, options.batch, options.seed, 0, worker);
    for (const float loss : model.losses(tokens, options.batch)) sum += loss;
  }
  EXPECT_NEAR(run(options, 3).losses()[0], sum / (3 * options.batch * shape.context), 1e-5);
}

TEST(Train, LearnsATinyTextByHeart) {
  const std::filesystem::path text = scratch("tiny.txt");
  std::string content;
  for (int i = 0; i < 40; ++i) content += "in optics the light adds up, and what it adds is a gradient.\n";
  base::write_file_atomically(text, content);
  TrainOptions options = small_options();
  options.corpus = {.train_text = text, .vocab = 290};
  options.steps = 60;
  options.learning_rate = 1e-2;
  options.validate_every = 0;
  const TrainedRun trained = run(options, 2);
  EXPECT_GT(trained.losses().front(), 5);
  EXPECT_LT(trained.results[0].validation_loss, 0.5);
}

/// A ring whose sixth call fails.
struct BrokenOff : collective::AllReduce {
  explicit BrokenOff(collective::Transport& transport) : ring(transport) {}
  std::string name() const override { return "broken-off"; }
  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall& call) override {
    if (++calls == 6) throw RunError("broken off");
    return ring.all_reduce(tensor, call);
  }
  collective::RingAllReduce ring;
  int calls = 0;
};

TEST(Train, AResumedRunIsTheUnbrokenOne) {
  TrainOptions options = small_options();
  options.steps = 8;
  const TrainedRun unbroken = run(options, 2);

  // Broken off in step 6, behind the checkpoint of step 4.
  options.checkpoint = scratch("run.checkpoint");
  options.checkpoint_every = 4;
  const std::filesystem::path file = scratch("resumed.jsonl");
  {
    base::RecordWriter records(file, base::RecordMode::replace);
    EXPECT_THROW(collective::run_ranks(2, {},
                                       [&](collective::Transport& transport) {
                                         BrokenOff broken_off(transport);
                                         train_worker(options, kRun, transport, broken_off, {.records = &records});
                                       }),
                 RunError);
  }
  ASSERT_EQ(base::read_records(file).back()["step"], 5);

  options.resume = true;
  const TrainedRun resumed = run(options, 2, file, base::RecordMode::append);
  EXPECT_EQ(resumed.of_type("resume").at(0)["step"], 4);
  EXPECT_THAT(resumed.of_type("run"), testing::SizeIs(1));
  // Steps 1-5, then 5-8 again: the later record of a step stands, and is what the earlier one was.
  std::vector<double> losses(8);
  for (const Json& step : resumed.of_type("step")) losses[step["step"].get<int>() - 1] = step["loss"];
  const std::vector<double> expected = unbroken.losses();
  EXPECT_EQ(losses, std::vector<double>(expected.begin(), expected.begin() + 8));
  EXPECT_EQ(resumed.results[0].validation_loss, unbroken.results[0].validation_loss);
  EXPECT_EQ(resumed.results[1].validation_loss, unbroken.results[1].validation_loss);
  EXPECT_EQ(resumed.results[0].payload_bytes, unbroken.results[0].payload_bytes);
  EXPECT_EQ(resumed.results[0].wire_bytes, unbroken.results[0].wire_bytes);

  // A finished run has nothing left to do, and still knows how it ended.
  EXPECT_EQ(run(options, 2).results[0].validation_loss, unbroken.results[0].validation_loss);
}

TEST(Train, RefusesACheckpointOfAnotherRun) {
  TrainOptions options = small_options();
  options.steps = 2;
  options.checkpoint = scratch("other.checkpoint");
  options.resume = true;
  EXPECT_THAT([&] { run(options, 2); }, ThrowsMessage<InputError>(HasSubstr("other.checkpoint: no such file")));
  options.resume = false;
  run(options, 2);
  options.resume = true;
  const auto with = [&](auto change) {
    TrainOptions changed = options;
    change(changed);
    return [changed] { run(changed, 2); };
  };
  EXPECT_THAT(
      with([](TrainOptions& o) { o.learning_rate = 1e-3; }),
      ThrowsMessage<InputError>(HasSubstr("other.checkpoint: made with learning_rate 0.005, this run has 0.001")));
  EXPECT_THAT(with([](TrainOptions& o) { o.model.hidden = 64; }),
              ThrowsMessage<InputError>(HasSubstr("made with hidden 32, this run has 64")));
  EXPECT_THAT(with([](TrainOptions& o) { o.corpus.validation_text = "data/wikipedia-excerpt/valid.txt"; }),
              ThrowsMessage<InputError>(HasSubstr("made with train_text ")));
  EXPECT_THAT([&] { run(options, 3); }, ThrowsMessage<InputError>(HasSubstr("made with workers 2, this run has 3")));
}

TEST(Train, RefusesADamagedCheckpoint) {
  TrainOptions options = small_options();
  options.steps = 1;
  options.checkpoint = scratch("damaged.checkpoint");
  run(options, 1);
  options.resume = true;
  const std::string whole = base::read_file(options.checkpoint);
  const auto with = [&](const std::string& content) {
    return [&options, content] {
      base::write_file_atomically(options.checkpoint, content);
      run(options, 1);
    };
  };
  EXPECT_THAT(with(whole.substr(0, whole.size() / 2)),
              ThrowsMessage<InputError>(HasSubstr("bytes behind its first line, expected")));
  EXPECT_THAT(with(whole + "x"), ThrowsMessage<InputError>(HasSubstr("bytes behind its first line, expected")));
  EXPECT_THAT(with(whole.substr(0, 100)), ThrowsMessage<InputError>(HasSubstr("not a training checkpoint")));
  EXPECT_THAT(with("{\"format\":\"optinc-checkpoint/1\"}\n"),
              ThrowsMessage<InputError>(HasSubstr("first line of this training checkpoint is damaged")));
  EXPECT_THAT(with(""), ThrowsMessage<InputError>(HasSubstr("not a training checkpoint")));
}

TEST(Train, LeavesOutAStepWithANan) {
  TrainOptions options = small_options();
  options.inject_nan_step = 3;
  options.inject_nan_worker = 1;
  const TrainedRun trained = run(options, 2), plain = run(small_options(), 2);
  for (const Json& step : trained.of_type("step")) {
    EXPECT_EQ(step["non_finite_blocks"], step["step"] == 3 ? 1 : 0);
  }
  // Up to step 3 the model is the same; behind it one update is missing, and all goes on.
  const std::vector<double> found = trained.losses(), expected = plain.losses();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(found[i], expected[i]);
  EXPECT_NE(found[3], expected[3]);
  EXPECT_TRUE(std::isfinite(trained.results[0].validation_loss));
  EXPECT_EQ(trained.results[0].validation_loss, trained.results[1].validation_loss);
}

/// One rank, whose gradients turn into infinity.
struct Broken : collective::AllReduce {
  std::string name() const override { return "broken"; }
  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall&) override {
    reinterpret_cast<float*>(tensor.output)[tensor.count - 1] = std::numeric_limits<float>::infinity();
    return {.payload_bytes = tensor.bytes(), .non_finite_blocks = 7};
  }
};

TEST(Train, GivesUpAfterTenNonFiniteSteps) {
  TrainOptions options = small_options();
  options.steps = 20;
  const std::filesystem::path file = scratch("broken.jsonl");
  base::RecordWriter records(file, base::RecordMode::replace);
  Broken broken;
  EXPECT_THAT(
      [&] {
        collective::run_ranks(1, {}, [&](collective::Transport& transport) {
          train_worker(options, kRun, transport, broken, {.records = &records});
        });
      },
      ThrowsMessage<RunError>("NaN or infinite gradients in 10 steps in a row, up to step 10"));
  EXPECT_EQ(base::read_records(file).back()["step"], 10);
  EXPECT_EQ(base::read_records(file).back()["non_finite_blocks"], 7);
}

// Rank 0 alone reads the files; every rank throws what is wrong with them.
TEST(Train, EveryRankRefusesBadInput) {
  const auto errors_of = [](const TrainOptions& options) {
    std::vector<std::string> errors(3);
    collective::run_ranks(3, {}, [&](collective::Transport& transport) {
      collective::RingAllReduce ring(transport);
      try {
        train_worker(options, kRun, transport, ring, {});
      } catch (const InputError& error) {
        errors[transport.rank()] = error.what();
      }
    });
    return errors;
  };
  TrainOptions missing = small_options();
  missing.corpus.train_text = "no-such.txt";
  EXPECT_THAT(errors_of(missing), testing::Each(HasSubstr("no-such.txt")));
  TrainOptions short_text = small_options();
  short_text.model.context = 100000;
  EXPECT_THAT(errors_of(short_text), testing::Each(HasSubstr("tokens: expected at least 100001")));
  TrainOptions no_steps = small_options();
  no_steps.steps = 0;
  EXPECT_THAT(errors_of(no_steps), testing::Each("0 steps: expected at least 1"));
}

TEST(LearningRate, WarmsUpAndFallsToATenth) {
  TrainOptions options;
  options.learning_rate = 0.01;
  options.warmup_steps = 10;
  options.steps = 110;
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 1), 0.001);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 10), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 60), 0.0055);  // half way down
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 110), 0.001);
  options.warmup_steps = 0;
  EXPECT_NEAR(learning_rate_at(options, 1), 0.01, 1e-5);
}

// 1e16 + 1 - 1e16 in double: 0 in this order, 1 in another one.
TEST(SumOverRanks, AddsInTheOrderOfRanks) {
  std::vector<double> sums(3);
  collective::run_ranks(3, {}, [&](collective::Transport& transport) {
    double value[] = {1e16, 1, -1e16};
    sum_over_ranks(transport, std::span(&value[transport.rank()], 1));
    sums[transport.rank()] = value[transport.rank()];
  });
  EXPECT_THAT(sums, testing::Each(0.0));
}

}  // namespace
}  // namespace optinc::workload
