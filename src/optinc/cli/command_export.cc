#include "optinc/cli/command_export.h"

#include <filesystem>
#include <memory>

#include "optinc/onn/design.h"

namespace optinc::cli {
namespace {

struct Options {
  std::filesystem::path design;
  std::filesystem::path onnx;
};

}  // namespace

void add_export(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(program, "export", "Write a design's network in the format of other tools",
                            "  optinc export designs/b8-n4.safetensors --onnx b8-n4.onnx");
  auto options = std::make_shared<Options>();
  verb->add_option("design", options->design, "Design file (safetensors)")->required();
  verb->add_option("--onnx", options->onnx, "ONNX file to write: levels [batch, K] in, symbols [batch, M] out")
      ->required();
  verb->callback([options, &context] {
    onn::export_onnx(options->onnx, onn::load_design(options->design));
    fmt::print(context.out, "{}\n", options->onnx.string());
  });
}

}  // namespace optinc::cli
