#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "optinc/report/html.h"
#include "optinc/report/phase_text.h"
#include "optinc/report/sections_light.h"

namespace optinc::report {
namespace {

constexpr std::size_t kMostMeshes = 3;

/// The largest ones, in the order of the stages.
std::vector<const DrawnMesh*> largest_meshes(const Program& program) {
  std::vector<const DrawnMesh*> meshes;
  for (const DrawnMesh& mesh : program.meshes) meshes.push_back(&mesh);
  std::ranges::stable_sort(meshes, std::greater{}, [](const DrawnMesh* mesh) { return mesh->cells.size(); });
  if (meshes.size() > kMostMeshes) meshes.resize(kMostMeshes);
  std::ranges::sort(meshes);  // they are in one list: by place
  return meshes;
}

std::string picture(const DrawnMesh& mesh, std::string_view name, double MeshCell::*phase) {
  return fmt::format(
      "<div class=\"mesh\">\n<p>{0}</p>\n<div class=\"modes\"><span>0</span><span>mode</span><span>{1}</span></div>\n"
      "<canvas class=\"phases\" data-columns=\"{2}\" data-modes=\"{3}\" data-phases=\"{4}\" role=\"img\" "
      "aria-label=\"{0} of every cell\"></canvas>\n"
      "<div class=\"columns\"><span>0</span><span>column</span><span>{5}</span></div>\n</div>\n",
      name, mesh.modes - 1, mesh.columns, mesh.modes, phase_text(mesh, phase), mesh.columns - 1);
}

void add_mesh(Page& page, const DrawnMesh& mesh) {
  page.add_markup(
      fmt::format("<figure>\n{}\n<div class=\"row\">\n{}{}</div>\n</figure>\n",
                  page.title_markup(fmt::format("Stage {}: {} modes, {} columns, {} cells {}", escape_html(mesh.stage),
                                                with_commas(mesh.modes), with_commas(mesh.columns),
                                                with_commas(mesh.cells.size()), source_label(Source::counted))),
                  picture(mesh, "θ", &MeshCell::theta), picture(mesh, "φ", &MeshCell::phi)));
}

std::string what_is_drawn(const Program& program, const std::vector<const DrawnMesh*>& drawn) {
  std::string text =
      "Light enters on the left. A cell mixes two neighbouring modes, is as high as both, and has two phases: θ shares "
      "the light out between them, φ shifts one against the other.";
  if (drawn.size() == program.meshes.size()) return text;
  return text + fmt::format(" The {} largest of {} recorded meshes are drawn.", drawn.size(), program.meshes.size());
}

Table stages_table(const Program& program) {
  Table table(
      {{"stage", false}, {"size"}, {"approximated", false}, {"MZIs, paper’s count"}, {"MZIs placed"}, {"gain, dB"}});
  for (const ProgramStage& stage : program.stages) {
    table.add_row({stage.name, fmt::format("{} × {}", stage.outputs, stage.inputs), stage.approximated ? "yes" : "no",
                   with_commas(stage.area_mzi), with_commas(stage.placed_mzi), format_number(stage.gain_db, 2)});
  }
  table.add_total({"total", "", "", with_commas(program.area_mzi), with_commas(program.placed_mzi), ""});
  return table;
}

void add_program(Page& page, const Program& program, const std::string& name) {
  page.add_heading(fmt::format("Mesh program: {} ({}){}", program.design, mesh_kind(program.layout, program.cell),
                               name.empty() ? "" : ", " + name));
  const std::vector<const DrawnMesh*> drawn = largest_meshes(program);
  if (!drawn.empty()) {
    page.add_text(what_is_drawn(program, drawn));
    page.add_markup(
        "<div class=\"cycle\"><canvas class=\"cycle\" role=\"img\" aria-label=\"Colours from 0 to 2π\"></canvas>"
        "<div><span>0</span><span>π/2</span><span>π</span><span>3π/2</span><span>2π</span></div></div>\n");
  }
  for (const DrawnMesh* mesh : drawn) add_mesh(page, *mesh);
  page.add_table(stages_table(program), "Stages", {Source::counted});
}

}  // namespace

void add_meshes(Page& page, const std::vector<ProgramRun>& runs) {
  const bool is_alone = std::ranges::count_if(runs, [](const ProgramRun& run) { return run.program.has_value(); }) == 1;
  for (const ProgramRun& run : runs) {
    if (run.program) add_program(page, *run.program, is_alone ? "" : run.header.name);
  }
}

}  // namespace optinc::report
