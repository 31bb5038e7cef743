#include "optinc/chip/program_json.h"

#include <algorithm>

#include "optinc/base/error.h"
#include "optinc/chip/json_fields.h"
#include "optinc/chip/number_text.h"
#include "optinc/codec/rounding.h"
#include "optinc/onn/role.h"

namespace optinc::chip {
namespace {

using base::Json;

/// Writes the text by hand: every list on a line of its own, its numbers with 17 digits.
class Writer {
 public:
  explicit Writer(Lists lists) : lists_(lists) {}

  std::string program(const Program& program) {
    text_ += "{\n";
    text_ += fmt::format(" \"format\": {},\n \"design\": {},\n", quoted(kProgramFormat), quoted(program.design));
    text_ += fmt::format(" \"bits\": {},\n \"servers\": {},\n \"inputs\": {},\n", program.shape.bits,
                         program.shape.servers, program.shape.inputs);
    text_ += fmt::format(" \"rounding\": {},\n \"role\": {},\n", quoted(codec::to_string(program.shape.rounding)),
                         quoted(onn::to_string(program.shape.role)));
    text_ += fmt::format(" \"approximated\": {},\n \"origin\": {},\n", quoted(program.approximated.to_string()),
                         quoted(program.origin));
    text_ +=
        fmt::format(" \"area_mzi\": {},\n \"version\": {},\n \"stages\": [", program.area_mzi, quoted(program.version));
    items(program.stages, [&](const Stage& item) { stage(item); });
    text_ += "]\n}\n";
    return std::move(text_);
  }

 private:
  static std::string quoted(std::string_view text) {
    std::string json = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    base::require(is_plain_text(text), "{}: expected a text of at most {} bytes and no control characters", json,
                  kLongestText);
    return json;
  }

  template <typename Items, typename Write>
  void items(const Items& items, const Write& write) {
    const char* separator = "\n";
    for (const auto& item : items) {
      text_ += separator;
      write(item);
      separator = ",\n";
    }
  }

  void number(const char* key, double value) {
    text_ += fmt::format(", \"{}\": ", key);
    append_number(text_, value);
  }

  void list(const char* key, const std::vector<double>& numbers) {
    if (lists_ == Lists::beside) return;
    text_ += fmt::format("{}\n   \"{}\": [", text_.ends_with('{') ? "" : ",", key);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (i > 0) text_ += ", ";
      append_number(text_, numbers[i]);
    }
    text_ += ']';
  }

  void stage(const Stage& stage) {
    text_ += fmt::format("  {{\"name\": {}, \"outputs\": {}, \"inputs\": {}, \"approximated\": {}", quoted(stage.name),
                         stage.outputs, stage.inputs, stage.approximated);
    number("gain", stage.gain);
    number("largest_output", stage.largest_output);
    list("bias", stage.bias);
    text_ += ",\n   \"blocks\": [";
    items(stage.blocks, [&](const Block& item) { block(item); });
    text_ += "]}";
  }

  void block(const Block& block) {
    text_ += fmt::format("   {{\"row\": {}, \"column\": {},\n   \"first\": ", block.row, block.column);
    mesh(block.first);
    text_ += ",\n   \"attenuators\": {";
    list("theta", block.attenuators.theta);
    list("phi", block.attenuators.phi);
    text_ += "},\n   \"second\": ";
    if (block.second) {
      mesh(*block.second);
    } else {
      text_ += "null";
    }
    text_ += '}';
  }

  void mesh(const mesh::Mesh& mesh) {
    text_ += fmt::format("{{\"layout\": \"{}\", \"cell\": \"{}\", \"size\": {}", to_string(mesh.shape.layout),
                         to_string(mesh.shape.kind), mesh.shape.size);
    list("theta", mesh.theta);
    list("phi", mesh.phi);
    list("output_phase", mesh.output_phase);
    text_ += '}';
  }

  Lists lists_;
  std::string text_;
};

Json parse(std::string_view text, const std::string& name) {
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    const std::size_t place = std::min(error.byte, text.size());
    const auto line = std::ranges::count(text.substr(0, place), '\n') + 1;
    base::refuse("{}: no valid JSON from byte {}, line {}, on{}", name, place, line,
                 error.byte >= text.size() ? " (the file is cut short)" : "");
  } catch (const Json::exception&) {
    base::refuse("{}: a number beyond the range of float64", name);
  }
}

mesh::Mesh read_mesh(const JsonFields& fields, Lists lists) {
  mesh::Mesh mesh;
  mesh.shape.layout = fields.parsed("layout", mesh::parse_layout);
  mesh.shape.kind = fields.parsed("cell", mesh::parse_cell_kind);
  mesh.shape.size = fields.integer("size");
  if (lists == Lists::inside) {
    mesh.theta = fields.numbers("theta");
    mesh.phi = fields.numbers("phi");
    mesh.output_phase = fields.numbers("output_phase");
  }
  return mesh;
}

Block read_block(const JsonFields& fields, Lists lists) {
  Block block;
  block.row = fields.integer("row");
  block.column = fields.integer("column");
  block.first = read_mesh(fields.object("first"), lists);
  if (lists == Lists::inside) {
    const JsonFields attenuators = fields.object("attenuators");
    block.attenuators = {attenuators.numbers("theta"), attenuators.numbers("phi")};
  }
  if (!fields.is_null("second")) block.second = read_mesh(fields.object("second"), lists);
  return block;
}

Stage read_stage(const JsonFields& fields, Lists lists) {
  Stage stage;
  stage.name = fields.text("name");
  stage.outputs = fields.integer("outputs");
  stage.inputs = fields.integer("inputs");
  stage.approximated = fields.flag("approximated");
  stage.gain = fields.number("gain");
  stage.largest_output = fields.number("largest_output");
  if (lists == Lists::inside) stage.bias = fields.numbers("bias");
  for (const JsonFields& block : fields.objects("blocks")) stage.blocks.push_back(read_block(block, lists));
  return stage;
}

}  // namespace

std::string to_json(const Program& program, Lists lists) {
  return Writer(lists).program(program);
}

Program from_json(std::string_view text, const std::string& name, Lists lists) {
  const Json json = parse(text, name);
  const JsonFields fields(name, "", json);
  const std::string format = fields.text("format");  // first: what a later format has otherwise is no mistake
  base::require(format == kProgramFormat, "{}: format \"{}\", expected \"{}\"", name, format, kProgramFormat);
  Program program;
  program.design = fields.text("design");
  program.shape = {.bits = fields.integer("bits"),
                   .servers = fields.integer("servers"),
                   .inputs = fields.integer("inputs"),
                   .rounding = fields.parsed("rounding", codec::parse_rounding),
                   .role = fields.parsed("role", onn::parse_role)};
  program.origin = fields.text("origin");
  program.area_mzi = fields.large_integer("area_mzi");
  program.version = fields.text("version");
  for (const JsonFields& stage : fields.objects("stages")) program.stages.push_back(read_stage(stage, lists));
  const int layers = std::max(program.layers(), 0);  // too few stages are check()'s business
  program.approximated = fields.parsed(
      "approximated", [&](const std::string& layer_set) { return onn::LayerSet::parse(layer_set, layers); });
  return program;
}

}  // namespace optinc::chip
