#include "optinc/search/search.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "optinc/base/error.h"
#include "optinc/construct/construct.h"
#include "optinc/device/onn_averager.h"
#include "optinc/onn/mzi_count.h"
#include "optinc/search/front.h"
#include "optinc/search/genes.h"
#include "optinc/verify/verify.h"

namespace optinc::search {
namespace {

using testing::ElementsAre;

const device::DeviceShape kShape{.bits = 4, .servers = 2, .inputs = 2};

std::vector<double> any_genes() {
  std::vector<double> values;
  for (const Gene& gene : genes(Over::constructions)) {
    const double share = 0.01 * *rc::gen::inRange(0, 101);
    const double high = gene.whole ? gene.high : std::min(gene.high, 2.0);  // few repeats: small circuits
    const double value = gene.low + share * (high - gene.low);
    values.push_back(gene.whole ? std::round(value) : value);
  }
  return values;
}

TEST(Front, HoldsWhatNoneBeats) {
  EXPECT_TRUE(dominates({1, 2}, {1, 3}));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(dominates({1, 2}, {2, 1}));
  EXPECT_THAT(front_of({{3, 1}, {2, 2}, {1, 3}, {2, 3}, {2, 2}}), ElementsAre(2, 1, 0));
  EXPECT_THAT(front_of({}), ElementsAre());
}

RC_GTEST_PROP(FrontProperty, EverythingElseIsBeaten, (const std::vector<std::pair<int, int>>& points)) {
  std::vector<std::vector<double>> objectives;
  for (const auto& [x, y] : points) objectives.push_back({double(x), double(y)});
  const std::vector<std::size_t> front = front_of(objectives);
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const bool inside = std::ranges::find(front, i) != front.end();
    const bool beaten = std::ranges::any_of(front, [&](std::size_t j) {
      return j != i && (dominates(objectives[j], objectives[i]) || objectives[j] == objectives[i]);
    });
    RC_ASSERT(inside != beaten);
  }
}

// Whatever is searched is right on every input, or is refused.
RC_GTEST_PROP(CandidateProperty, IsExactWhatever, ()) {
  const std::vector<double> values = any_genes();
  const device::DeviceShape shape{.bits = *rc::gen::inRange(2, 7), .servers = *rc::gen::inRange(2, 9), .inputs = 1};
  device::DeviceShape apart = shape;
  apart.inputs = shape.symbols();
  const Task task{.shape = apart, .criteria = {.sample = 16, .most_mzis = 500}};
  const Score found = score(task, values);
  if (!found.refusal.empty()) return;
  RC_ASSERT(found.accuracy == 1);
  const onn::Design design = build(task, values);
  onn::check(design, "searched");
  RC_ASSERT(design.origin == "searched");
  const onn::Area area = onn::count_mzis(design.network.widths(), design.approximated, apart.servers);
  RC_ASSERT(found.mzis == static_cast<double>(area.without_p_and_t()));
  RC_ASSERT(verify::verify(device::OnnAverager(design), {.count = 200, .sampled = true}).wrong == 0u);
}

Scorer plain_scorer(const Options& options) {
  return [&options](const std::vector<std::vector<double>>& many) {
    std::vector<Score> scores;
    for (const auto& values : many) scores.push_back(score(options.task, values));
    return scores;
  };
}

const Options kSmall{
    .task = {.shape = kShape, .criteria = {.sample = 32, .most_mzis = 600}}, .population = 8, .generations = 3};

// Errors of phases cost a chip inputs; a candidate without them has none.
TEST(Candidate, IsJudgedOnChips) {
  Task task{.shape = kShape, .criteria = {.sample = 200, .chips = 2}};
  std::vector<double> values;
  for (const Gene& gene : genes(Over::constructions)) values.push_back(gene.whole ? gene.low : 1);
  EXPECT_EQ(score(task, values).chip_rate, 1);
  task.criteria.hardware.phase_error_rms_rad = 0.1;
  const Score found = score(task, values);
  EXPECT_LT(found.chip_rate, 0.9);
  EXPECT_EQ(objectives(found, task).size(), count_objectives(task));
  EXPECT_NEAR(objectives(found, task)[2], std::log10(1 - found.chip_rate), 1e-12);
  const Score same = score_from_json(to_json(found));
  EXPECT_EQ(objectives(same, task), objectives(found, task));
}

std::vector<double> structure_genes(std::map<std::string, double> given) {
  std::vector<double> values;
  for (const Gene& gene : genes(Over::structures))
    values.push_back(given.contains(gene.name) ? given[gene.name] : gene.low);
  return values;
}

TEST(Structures, AreTrainedAsTheyAreSaid) {
  const Structure structure =
      structure_of({.bits = 8, .servers = 4, .inputs = 4}, structure_genes({{"hidden", 2},
                                                                            {"width_1", 4},
                                                                            {"width_2", 5},
                                                                            {"approximated_1", 1},
                                                                            {"approximated_2", 1},
                                                                            {"relative_noise", -3}}));
  EXPECT_THAT(structure.widths, ElementsAre(4, 32, 48, 4));
  EXPECT_EQ(structure.approximated.to_string(), "1");  // 48 x 32 does not divide
  EXPECT_DOUBLE_EQ(structure.relative_noise, 1e-3);

  const Task task{.shape = kShape, .over = Over::structures, .epochs = 30, .criteria = {.sample = 100}};
  for (const double start : {0, 1}) {
    const std::vector<double> values = structure_genes({{"hidden", 4},
                                                        {"width_1", 5},
                                                        {"width_2", 5},
                                                        {"width_3", 4},
                                                        {"width_4", 3},
                                                        {"start", start},
                                                        {"relative_noise", -3}});
    const Score found = score(task, values);
    EXPECT_EQ(found.refusal, "");
    EXPECT_EQ(found.layers, 5);
    EXPECT_GT(found.accuracy, start == 1 ? 0.99 : 0.5);
    EXPECT_EQ(build(task, values, 2).network, build(task, values, 1).network);
  }
}

TEST(Structures, ASearchBeginsWithOnesThatAreKnownToDo) {
  const device::DeviceShape shape{.bits = 8, .servers = 4, .inputs = 4};
  std::vector<std::vector<int>> widths;
  for (const std::vector<double>& values : known_starts(Over::structures)) {
    widths.push_back(structure_of(shape, values).widths);
  }
  EXPECT_THAT(widths, ElementsAre(ElementsAre(4, 64, 128, 256, 128, 64, 4), ElementsAre(4, 24, 16, 8, 4)));
  const Structure published = structure_of(shape, known_starts(Over::structures)[0]);
  EXPECT_EQ(published.approximated.to_string(), "1-6");
  EXPECT_NEAR(published.relative_noise, 1e-3, 1e-12);
  const Structure narrow = structure_of(shape, known_starts(Over::structures)[1]);
  EXPECT_TRUE(narrow.constructed_start);
  EXPECT_NO_THROW(construct::construct(shape, narrow.widths, narrow.approximated));
}

TEST(Structures, LargerOnesAreNotTrained) {
  const Task task{.shape = kShape, .over = Over::structures, .epochs = 1000000, .criteria = {.most_mzis = 50}};
  EXPECT_EQ(score(task, structure_genes({})).refusal, "132 MZIs: more than 50");
}

TEST(Search, AResumedSearchIsTheUnbrokenOne) {
  std::vector<Generation> unbroken;
  search(kSmall, plain_scorer(kSmall), 0, {}, [&](int number, const Generation& generation, const Generation&) {
    EXPECT_EQ(number, static_cast<int>(unbroken.size()));
    unbroken.push_back(generation);
  });
  ASSERT_EQ(unbroken.size(), 4u);
  const Generation resumed =
      search(kSmall, plain_scorer(kSmall), 1, unbroken[1], [](int, const Generation&, const Generation&) {});
  ASSERT_EQ(resumed.size(), unbroken[3].size());
  for (std::size_t i = 0; i < resumed.size(); ++i) {
    EXPECT_EQ(resumed[i].genes, unbroken[3][i].genes);
    EXPECT_EQ(resumed[i].score.noise, unbroken[3][i].score.noise);
  }
}

TEST(Search, GetsBetter) {
  Options options = kSmall;
  options.generations = 8;
  double first = 0, last = 0;  // the most noise that at most 250 MZIs bear
  search(options, plain_scorer(options), 0, {}, [&](int number, const Generation& generation, const Generation&) {
    double most = 0;
    for (const Member& member : generation) {
      if (member.score.refusal.empty() && member.score.mzis <= 250) most = std::max(most, member.score.noise);
    }
    (number == 0 ? first : last) = most;
  });
  EXPECT_GE(last, first);
  EXPECT_GT(last, 1e-3);
}

TEST(Search, RefusesOptionsOutOfRange) {
  const auto refused = [](const Options& options) {
    EXPECT_THROW(search(options, plain_scorer(options), 0, {}, [](int, const Generation&, const Generation&) {}),
                 base::InputError);
  };
  Options options = kSmall;
  options.population = 10;
  refused(options);
  options = kSmall;
  options.task.shape.servers = 1;
  refused(options);
  options = kSmall;
  options.task.shape = {.bits = 32, .servers = 4, .inputs = 16};
  options.task.criteria.sample = 0;  // 13^16: it would not end
  refused(options);
  options.task.criteria.sample = 100;
  options.task.over = Over::structures;
  refused(options);
  options = kSmall;
  options.generations = 0;
  refused(options);
  options = kSmall;
  options.task.criteria.rate = 1;
  refused(options);
  EXPECT_THROW(plan_of(kShape, {1, 2}), base::InputError);
  EXPECT_THROW(structure_of(kShape, std::vector<double>(genes(Over::structures).size(), 99)), base::InputError);
}

}  // namespace
}  // namespace optinc::search
