#include "optinc/cli/command_report.h"

#include <filesystem>
#include <memory>

#include "optinc/base/atomic_file.h"
#include "optinc/report/report.h"

namespace optinc::cli {
namespace {

struct Options {
  std::vector<std::filesystem::path> records;
  std::string out = "report.html";
  std::string title = "OptINC report";
  bool json = false;
};

void run_report(const Options& options, Context& context) {
  const report::ReportInputs inputs{options.records, options.title};
  base::write_file_atomically(options.out, report::write_report(inputs));
  if (options.json) {
    print_json(context, report::report_summary(inputs));
  } else {
    fmt::print(context.out, "{}\n", std::filesystem::absolute(options.out).lexically_normal().string());
  }
}

}  // namespace

void add_report(CLI::App& program, Context& context) {
  CLI::App* verb = add_verb(program, "report", "Draw one self-contained HTML page from records",
                            "  optinc report output/*.jsonl --out output/report.html");
  auto options = std::make_shared<Options>();
  verb->add_option("records", options->records, "Record files of design and train runs, in the order to be shown")
      ->required();
  verb->add_option("--out", options->out, "The page to write")->capture_default_str();
  verb->add_option("--title", options->title, "Its title")->capture_default_str();
  add_json_flag(*verb, options->json);
  verb->callback([options, &context] { run_report(*options, context); });
}

}  // namespace optinc::cli
