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
#include "optinc/collective/optical_all_reduce.h"
#include "optinc/collective/thread_transport.h"
#include "optinc/fabric/integer_fabric.h"
#include "optinc/workload/language_task.h"
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

struct SmallOptions : TrainOptions {
  LanguageOptions language;
};

SmallOptions small_options() {
  SmallOptions options;
  options.language.corpus = {
      .train_text = "data/wikipedia-excerpt/valid.txt", .vocab = 320, .tokeniser_cache = tokeniser_cache()};
  options.language.model = {.layers = 2, .hidden = 32, .heads = 2, .context = 16};
  options.language.batch = 2;
  options.language.validation_windows = 10;
  options.steps = 6;
  options.learning_rate.warmup_steps = 2;
  options.validate_every = 3;
  return options;
}

TrainResult train(const SmallOptions& options, collective::Transport& transport, collective::AllReduce& all_reduce,
                  const TrainOutput& output = {}) {
  const auto task = make_language_task(options.language, options.seed, transport);
  return train_worker(options, kRun, *task, transport, all_reduce, output);
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

TrainedRun run(const SmallOptions& options, int workers, const std::filesystem::path& file = scratch("records.jsonl"),
               base::RecordMode mode = base::RecordMode::replace) {
  TrainedRun done;
  done.results.resize(workers);
  {
    base::RecordWriter records(file, mode);
    collective::run_ranks(workers, {}, [&](collective::Transport& transport) {
      collective::RingAllReduce ring(transport);
      done.results[transport.rank()] = train(options, transport, ring, {.records = &records});
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
  EXPECT_THAT(keys(described),
              ElementsAre("type", "command", "version", "model", "reduce", "workers", "transport", "seed", "config",
                          "parameters", "design", "train_tokens", "validation_tokens"));
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
  EXPECT_THAT(keys(result),
              ElementsAre("type", "steps", "validation_loss", "seconds", "compute_seconds", "wait_seconds",
                          "reduce_seconds", "quantise_seconds", "emulate_seconds", "apply_seconds", "validate_seconds",
                          "payload_bytes", "wire_bytes", "modelled"));
  EXPECT_EQ(result["validation_loss"], trained.of_type("validation")[1]["loss"]);
  // Two ranks, a ring: each sends the payload once.
  const std::uint64_t payload = 6 * 4 * described["parameters"].get<std::uint64_t>();
  EXPECT_EQ(result["payload_bytes"], payload);
  EXPECT_EQ(result["wire_bytes"], payload);
  double parts = 0;
  for (const char* part : {"compute_seconds", "wait_seconds", "reduce_seconds", "apply_seconds", "validate_seconds"}) {
    EXPECT_GT(result[part], 0) << part;
    parts += result[part].get<double>();
  }
  EXPECT_LE(parts, result["seconds"]);
  // Modelled: 6 steps of 2 (N - 1) = 2 rounds of 1 us, and the payload once at 800 GB/s.
  EXPECT_TRUE(result["modelled"]["optinc_seconds"].is_null());
  EXPECT_NEAR(result["modelled"]["ring_seconds"], 12e-6 + static_cast<double>(payload) / 800e9, 1e-12);
}

TEST(Train, FourWorkersGiveTheSameLossesInEveryRun) {
  const TrainedRun once = run(small_options(), 4), again = run(small_options(), 4);
  EXPECT_EQ(once.losses(), again.losses());
  // All ranks end with the same model.
  for (const TrainResult& result : once.results) {
    EXPECT_EQ(result.validation_loss, once.results[0].validation_loss);
    EXPECT_EQ(result.steps, 6);
  }
  SmallOptions other = small_options();
  other.seed = 2;
  EXPECT_NE(run(other, 4).losses(), once.losses());
}

TEST(Train, TheLossIsTheMeanOverWorkers) {
  SmallOptions options = small_options();
  options.steps = 1;
  const int batch = options.language.batch;
  LlamaOptions shape = options.language.model;
  shape.vocab = options.language.corpus.vocab;
  const Corpus corpus = load_corpus(options.language.corpus);
  const Llama model(shape, options.seed);
  double sum = 0;
  for (int worker = 0; worker < 3; ++worker) {
    const auto tokens = draw_batch(corpus.train, shape.context, batch, options.seed, 0, worker);
    for (const float loss : model.losses(tokens, batch)) sum += loss;
  }
  EXPECT_NEAR(run(options, 3).losses()[0], sum / (3 * batch * shape.context), 1e-5);
}

TEST(Train, LearnsATinyTextByHeart) {
  const std::filesystem::path text = scratch("tiny.txt");
  std::string content;
  for (int i = 0; i < 40; ++i) content += "in optics the light adds up, and what it adds is a gradient.\n";
  base::write_file_atomically(text, content);
  SmallOptions options = small_options();
  options.language.corpus = {.train_text = text, .vocab = 290};
  options.steps = 60;
  options.learning_rate.highest = 1e-2;
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
  SmallOptions options = small_options();
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
                                         train(options, transport, broken_off, {.records = &records});
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

/// Through 4-bit optics, whose errors are large; broken off after `last` calls.
struct Coarse : collective::AllReduce {
  Coarse(collective::Transport& transport, int most) : optics(transport, fabric, {.network = network()}), last(most) {}
  static collective::OpticalNetworkOptions network() {
    return {.quantiser = {.bits = 4, .rounding = codec::QuantiserRounding::stochastic}, .seed = 5, .dark_ports = {}};
  }
  std::string name() const override { return "coarse"; }
  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall& call) override {
    if (++calls > last) throw RunError("broken off");
    return optics.all_reduce(tensor, call);
  }
  fabric::IntegerFabric fabric{2, 4, codec::Rounding::nearest_unbiased};
  collective::OpticalAllReduce optics;
  int last, calls = 0;
};

TEST(Train, ErrorFeedbackChangesTheRunAndIsCarriedOverByACheckpoint) {
  const auto losses_of = [](const SmallOptions& options, const std::filesystem::path& file, int last) {
    const bool resumed = options.resume;
    base::RecordWriter records(file, resumed ? base::RecordMode::append : base::RecordMode::replace);
    const auto go = [&] {
      collective::run_ranks(2, {}, [&](collective::Transport& transport) {
        Coarse coarse(transport, last);
        train(options, transport, coarse, {.records = &records});
      });
    };
    if (last < 100) {
      EXPECT_THROW(go(), RunError);
    } else {
      go();
    }
    std::vector<double> losses(options.steps);
    for (const Json& record : base::read_records(file)) {
      if (record["type"] == "step") losses[record["step"].get<int>() - 1] = record["loss"];
    }
    return losses;
  };
  SmallOptions options = small_options();
  options.steps = 8;
  const std::vector<double> without = losses_of(options, scratch("plain.jsonl"), 100);
  options.error_feedback = true;
  options.accumulate = 2;
  const std::vector<double> with = losses_of(options, scratch("feedback.jsonl"), 100);
  EXPECT_NE(with, without);
  options.checkpoint = scratch("feedback.checkpoint");
  options.checkpoint_every = 3;
  const std::filesystem::path file = scratch("feedback-broken.jsonl");
  losses_of(options, file, 5);
  options.resume = true;
  EXPECT_EQ(losses_of(options, file, 100), with);
}

/// One rank, which keeps what it was given.
struct Kept : collective::AllReduce {
  std::string name() const override { return "kept"; }
  collective::AllReduceStats run(const collective::Tensor& tensor, const collective::ReduceCall&) override {
    const auto* const floats = reinterpret_cast<const float*>(tensor.input);
    values.assign(floats, floats + tensor.count);
    return {.payload_bytes = tensor.bytes()};
  }
  std::vector<float> values;
};

TEST(Train, AccumulatesTheMeanOfBatches) {
  SmallOptions options = small_options();
  options.steps = 1;
  options.accumulate = 2;
  collective::run_ranks(1, {}, [&](collective::Transport& transport) {
    Kept kept;
    train(options, transport, kept);
    const auto task = make_language_task(options.language, options.seed, transport);
    std::vector<float> first(task->parameters().size()), second(first.size());
    task->loss_and_gradient(0, first);
    task->loss_and_gradient(1, second);
    ASSERT_NE(first, second);
    for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(kept.values[i], (first[i] + second[i]) * 0.5f);
  });
}

/// A model that is broken in its second batch, at every rank.
class BreaksOnce : public Task {
 public:
  std::span<float> parameters() override { return parameters_; }
  std::size_t decayed_parameter_count() const override { return 1; }
  std::span<float> statistics() override { return statistics_; }
  std::vector<NamedArray> named_arrays() const override { return {}; }
  double loss_and_gradient(std::uint64_t batch, std::span<float> gradient) override {
    const float value = batch == 1 ? std::numeric_limits<float>::quiet_NaN() : 1;
    std::fill(gradient.begin(), gradient.end(), value);
    statistics_[0] += value;
    return 1;
  }
  Score validate() override { return {.loss = statistics_[0], .examples = 1}; }
  bool classifies() const override { return false; }
  Json description() const override { return {{"model", "breaks-once"}}; }
  Json fingerprint() const override { return {}; }

 private:
  std::vector<float> parameters_ = std::vector<float>(2), statistics_ = std::vector<float>(1);
};

TEST(Train, AStepThatIsLeftOutLeavesTheStatisticsAsTheyWere) {
  collective::run_ranks(1, {}, [&](collective::Transport& transport) {
    BreaksOnce task;
    collective::RingAllReduce ring(transport);
    TrainOptions options{.steps = 4, .validate_every = 0};
    EXPECT_EQ(train_worker(options, kRun, task, transport, ring, {}).validation_loss, 3);
  });
}

TEST(Train, RefusesACheckpointOfAnotherRun) {
  SmallOptions options = small_options();
  options.steps = 2;
  options.checkpoint = scratch("other.checkpoint");
  options.resume = true;
  EXPECT_THAT([&] { run(options, 2); }, ThrowsMessage<InputError>(HasSubstr("other.checkpoint: no such file")));
  options.resume = false;
  run(options, 2);
  options.resume = true;
  const auto with = [&](auto change) {
    SmallOptions changed = options;
    change(changed);
    return [changed] { run(changed, 2); };
  };
  EXPECT_THAT(
      with([](SmallOptions& o) { o.learning_rate.highest = 1e-3; }),
      ThrowsMessage<InputError>(HasSubstr("other.checkpoint: made with learning_rate 0.005, this run has 0.001")));
  EXPECT_THAT(with([](SmallOptions& o) { o.language.model.hidden = 64; }),
              ThrowsMessage<InputError>(HasSubstr("made with hidden 32, this run has 64")));
  EXPECT_THAT(with([](SmallOptions& o) { o.language.corpus.validation_text = "data/wikipedia-excerpt/valid.txt"; }),
              ThrowsMessage<InputError>(HasSubstr("made with train_text ")));
  EXPECT_THAT([&] { run(options, 3); }, ThrowsMessage<InputError>(HasSubstr("made with workers 2, this run has 3")));
}

TEST(Train, RefusesADamagedCheckpoint) {
  SmallOptions options = small_options();
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
  EXPECT_THAT(with("{\"format\":\"optinc-checkpoint/2\"}\n"),
              ThrowsMessage<InputError>(HasSubstr("first line of this training checkpoint is damaged")));
  EXPECT_THAT(with(""), ThrowsMessage<InputError>(HasSubstr("not a training checkpoint")));
}

TEST(Train, LeavesOutAStepWithANan) {
  SmallOptions options = small_options();
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
  SmallOptions options = small_options();
  options.steps = 20;
  const std::filesystem::path file = scratch("broken.jsonl");
  base::RecordWriter records(file, base::RecordMode::replace);
  Broken broken;
  EXPECT_THAT(
      [&] {
        collective::run_ranks(
            1, {}, [&](collective::Transport& transport) { train(options, transport, broken, {.records = &records}); });
      },
      ThrowsMessage<RunError>("NaN or infinite gradients in 10 steps in a row, up to step 10"));
  EXPECT_EQ(base::read_records(file).back()["step"], 10);
  EXPECT_EQ(base::read_records(file).back()["non_finite_blocks"], 7);
}

// Rank 0 alone reads the files; every rank throws what is wrong with them.
TEST(Train, EveryRankRefusesBadInput) {
  const auto errors_of = [](const SmallOptions& options) {
    std::vector<std::string> errors(3);
    collective::run_ranks(3, {}, [&](collective::Transport& transport) {
      collective::RingAllReduce ring(transport);
      try {
        train(options, transport, ring);
      } catch (const InputError& error) {
        errors[transport.rank()] = error.what();
      }
    });
    return errors;
  };
  SmallOptions missing = small_options();
  missing.language.corpus.train_text = "no-such.txt";
  EXPECT_THAT(errors_of(missing), testing::Each(HasSubstr("no-such.txt")));
  SmallOptions short_text = small_options();
  short_text.language.model.context = 100000;
  EXPECT_THAT(errors_of(short_text), testing::Each(HasSubstr("tokens: expected at least 100001")));
  SmallOptions no_steps = small_options();
  no_steps.steps = 0;
  EXPECT_THAT(errors_of(no_steps), testing::Each("0 steps: expected at least 1"));
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
