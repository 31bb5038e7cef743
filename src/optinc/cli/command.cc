#include "optinc/cli/command.h"

#include "optinc/base/error.h"

namespace optinc::cli {

CLI::App* add_verb(CLI::App& program, const std::string& name, const std::string& description,
                   const std::string& examples) {
  CLI::App* verb = program.add_subcommand(name, description);
  verb->footer("Examples:\n" + examples);
  verb->get_formatter()->column_width(36);
  return verb;
}

void add_json_flag(CLI::App& verb, bool& json) {
  verb.add_flag("--json", json, "One JSON object on standard output instead of words");
}

void add_threads_option(CLI::App& verb, int& threads) {
  verb.add_option("--threads", threads, "Threads; 0 takes all there are. Results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void refuse_flags(const CLI::App& verb, const std::vector<std::string>& flags, const std::string& subject) {
  for (const std::string& flag : flags) {
    base::require(verb.get_option(flag)->count() == 0, "{}: not for {}, which takes no notice of it", flag, subject);
  }
}

void print_json(Context& context, const base::Json& json) {
  context.out << json.dump(2) << '\n';
}

base::Json tagged(const char* type, const base::Json& content) {
  base::Json record{{"type", type}};
  record.update(content);
  return record;
}

}  // namespace optinc::cli
