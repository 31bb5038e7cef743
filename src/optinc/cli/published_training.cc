#include "optinc/cli/published_training.h"

#include <cctype>
#include <cmath>

#include "optinc/cli/command.h"
#include "optinc/report/training_words.h"

namespace optinc::cli {
namespace {

using base::Json;

constexpr std::uint64_t kServers = 4;
constexpr std::uint64_t kBits = 16;
constexpr std::uint64_t kEpochs = 300;
constexpr std::uint64_t kSteps = 50000;
constexpr std::uint64_t kTrainImages = 50000;  // all of CIFAR-100
constexpr std::uint64_t kClasses = 100;
constexpr std::uint64_t kLayers = 8;
constexpr std::uint64_t kHidden = 384;
constexpr std::uint64_t kHeads = 8;

const Json& config_of(const report::Experiment& experiment) {
  return experiment.seeds.front().members.front().run->header.record["config"];
}

void note_count(std::vector<std::string>& notes, const char* what, std::uint64_t ours, std::uint64_t papers) {
  if (ours != papers) notes.push_back(fmt::format("{} {}, paper {}", with_commas(ours), what, with_commas(papers)));
}

/// An option of the run, if it has it.
void note_option(std::vector<std::string>& notes, const Json& config, const char* option, std::uint64_t papers) {
  const auto found = config.find(option);
  if (found != config.end() && found->is_number_unsigned()) {
    note_count(notes, option, found->get<std::uint64_t>(), papers);
  }
}

/// A data set that isn't named after the paper's. Letters and digits alone count: CIFAR-100 is cifar100.
void note_data(std::vector<std::string>& notes, const Json& config, const std::string& papers) {
  const auto found = config.find("data");
  if (found == config.end() || !found->is_string()) return;
  const auto bare = [](const std::string& text) {
    std::string letters;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (std::isalnum(byte) != 0) letters += static_cast<char>(std::tolower(byte));
    }
    return letters;
  };
  const auto name = found->get<std::string>();
  if (bare(name).find(bare(papers)) == std::string::npos) {
    notes.push_back(fmt::format("data {}, paper {}", name, papers));
  }
}

}  // namespace

const PublishedTraining& published_training(bool images) {
  static const PublishedTraining of_images{
      .words = "ResNet50 on CIFAR-100, 300 epochs, 4 servers, 16 bits", .quantised = -0.03, .with_errors = -0.55};
  static const PublishedTraining of_text{
      .words = "LLaMA-like model (8 layers, hidden 384, 8 heads) on Wikipedia, 50,000 steps, 4 servers, 16 bits",
      .quantised = 0.018,
      .with_errors = 0.02};
  return images ? of_images : of_text;
}

std::vector<std::string> differs_from_paper(const report::Experiment& experiment) {
  const report::TrainData& data = experiment.data;
  const Json& config = config_of(experiment);
  std::vector<std::string> notes;
  if (data.has_images()) {
    if (experiment.model != "resnet50") {
      notes.push_back(fmt::format("{} with {} parameters, paper ResNet50", report::model_name(experiment.model),
                                  with_commas(experiment.parameters)));
    }
    note_data(notes, config, "CIFAR-100");
    const double epochs = data.epochs(experiment.planned_steps);
    if (std::llround(kEpochs * data.steps_per_epoch) != static_cast<std::int64_t>(experiment.planned_steps)) {
      notes.push_back(experiment.planned_steps == 0 ? "number of epochs not recorded, paper 300"
                                                    : fmt::format("{:.4g} epochs, paper {}", epochs, kEpochs));
    }
    note_count(notes, "training images", data.train_images, kTrainImages);
    note_count(notes, "classes", data.classes, kClasses);
  } else {
    note_option(notes, config, "layers", kLayers);
    note_option(notes, config, "hidden", kHidden);
    note_option(notes, config, "heads", kHeads);
    note_data(notes, config, "Wikipedia");
    note_count(notes, "steps", experiment.planned_steps, kSteps);
    notes.push_back(with_commas(data.train_tokens) + " training tokens (the paper does not say how many)");
  }
  note_count(notes, "servers", experiment.workers, kServers);
  return notes;
}

std::vector<std::string> differs_from_paper(const report::TrainRun& run) {
  std::vector<std::string> notes;
  if (!run.design) return notes;
  note_count(notes, "bits", run.design->bits, kBits);
  if (run.design->error_feedback) notes.emplace_back("error feedback, paper none");
  return notes;
}

std::optional<double> paper_difference(const report::Experiment& experiment, const report::TrainRun& run) {
  if (run.reduce != "optinc" || !run.design) return std::nullopt;
  const PublishedTraining& paper = published_training(experiment.data.has_images());
  if (run.design->fail_step > 0 || run.design->lost_port) return std::nullopt;
  if (!run.design->injected) return paper.quantised;
  if (run.design->injected->source.starts_with("table2")) return paper.with_errors;
  return std::nullopt;
}

}  // namespace optinc::cli
