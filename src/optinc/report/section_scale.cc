#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "optinc/report/chart.h"
#include "optinc/report/html.h"
#include "optinc/report/sections.h"

namespace optinc::report {
namespace {

using base::Json;
using base::number_or_null;

std::string percent(double share, int decimals) {
  return std::isfinite(share) ? format_number(100 * share, decimals) + " %" : "–";
}

Json figure6_chart(const std::vector<Figure6Row>& rows) {
  const std::vector<std::string> names{"ring", "OptINC"};
  Json values = Json::array();
  for (const Figure6Row& row : rows) {
    const std::string servers = with_commas(row.servers) + " servers";
    values.push_back({{"servers", servers},
                      {"method", "ring"},
                      {"ours", number_or_null(row.ring)},
                      {"paper", number_or_null(row.paper_ring)}});
    values.push_back({{"servers", servers},
                      {"method", "OptINC"},
                      {"ours", number_or_null(row.optinc)},
                      {"paper", number_or_null(row.paper_optinc)}});
  }
  const Json offset{{"field", "method"}, {"type", "nominal"}, {"sort", names}};
  return {{"height", 44 * rows.size()},
          {"data", {{"values", values}}},
          {"encoding",
           {{"y", {{"field", "servers"}, {"type", "nominal"}, {"sort", nullptr}, {"title", nullptr}}},
            {"yOffset", offset}}},
          {"layer",
           {{{"mark", "bar"},
             {"encoding",
              {{"x", quantity("ours", "bytes sent, of the gradient’s")},
               {"color", colour_by("method", names, {"var(--ring)", "var(--optinc)"}, "square")}}}},
            {{"mark", {{"type", "tick"}, {"color", "var(--ink)"}, {"thickness", 2}}},
             {"encoding", {{"x", quantity("paper", "bytes sent, of the gradient’s")}}}}}}};
}

void add_figure6(Page& page, const std::vector<Figure6Row>& rows) {
  if (rows.empty()) return;
  page.add_heading("Figure 6: data that a server sends");
  Table table(
      {{"servers"}, {"ring, paper"}, {"ring, ours"}, {"OptINC, paper"}, {"OptINC, ours"}, {"and scales, ours"}});
  for (const Figure6Row& row : rows) {
    table.add_row({with_commas(row.servers), format_number(row.paper_ring, 3), format_number(row.ring, 3),
                   format_number(row.paper_optinc, 3), format_number(row.optinc, 3), format_number(row.scales, 4)});
  }
  page.add_chart(figure6_chart(rows), "Bytes over one pass of the data", Source::counted,
                 "Strokes: what the paper says. OptINC sends each gradient once, at any number of servers.");
  page.add_table(table, "The same in numbers", {Source::published, Source::counted});
}

void add_figure7b(Page& page, const std::vector<Figure7bRow>& rows) {
  if (rows.empty()) return;
  page.add_heading("Figure 7b: latency of a step, 4 servers");
  page.add_text(
      "The paper does not say how many samples a server trains on in a step. Here are those at which its reductions "
      "come "
      "out, for several sets of assumptions; more samples, less is saved.");
  Table table({{"model", false},
               {"counted", false},
               {"paper: less than a ring"},
               {"ring, µs"},
               {"OptINC, µs"},
               {"most that is saved"},
               {"samples a server"},
               {"computing, of a step"}});
  for (const Figure7bRow& row : rows) {
    table.add_row({row.model, row.in_words, percent(row.paper, 0), format_number(row.ring_s * 1e6, 1),
                   format_number(row.optinc_s * 1e6, 1), percent(row.most_saved, 1),
                   std::isfinite(row.samples) ? fmt::format("{:.3g}", row.samples) : "never",
                   percent(row.computing_share, 1)});
  }
  page.add_table(table, "When the paper’s figures come out", {Source::published, Source::modelled});
}

void add_simulated(Page& page, const std::vector<SimulatedRow>& rows) {
  if (rows.empty()) return;
  page.add_heading("Held to a simulator");
  page.add_text(
      "The same messages, one by one, under SimGrid’s MPI, on a star of links; beside them SimGrid’s own all-reduce of "
      "the "
      "kind, whose messages are not ours.");
  Table table(
      {{"hosts"}, {"algorithm", false}, {"closed form, µs"}, {"simulated, µs"}, {"difference"}, {"SimGrid’s own, µs"}});
  for (const SimulatedRow& row : rows) {
    table.add_row({with_commas(row.hosts), row.algorithm, format_number(row.modelled_s * 1e6, 2),
                   format_number(row.simulated_s * 1e6, 2),
                   format_difference(100 * (row.modelled_s / row.simulated_s - 1), 2) + " %",
                   std::isfinite(row.own_of_simgrid_s) ? format_number(row.own_of_simgrid_s * 1e6, 2) : "–"});
  }
  page.add_table(table, "All-reduces in closed form and simulated", {Source::modelled});
}

/// Cases that share a chart: one model, one way of sending.
struct Curve {
  const ScaleCase* first;
  std::vector<const ScaleCase*> cases;
};

std::vector<Curve> curves_of(const std::vector<ScaleCase>& cases) {
  std::vector<Curve> curves;
  for (const ScaleCase& one : cases) {
    const auto same = [&](const Curve& curve) {
      const ScaleCase& other = *curve.first;
      return other.run == one.run && other.model == one.model && other.bits == one.bits &&
             other.element_bits == one.element_bits && other.fused == one.fused && other.overlapped == one.overlapped;
    };
    auto curve = std::ranges::find_if(curves, same);
    if (curve == curves.end()) curve = curves.insert(curves.end(), {&one, {}});
    curve->cases.push_back(&one);
  }
  return curves;
}

std::string samples_name(double samples) {
  return fmt::format("{:g}", samples);
}

Json curve_chart(const Curve& curve, double ScaleCase::*saved) {
  std::set<double> samples;
  std::set<std::uint64_t> servers;
  Json values = Json::array();
  for (const ScaleCase* one : curve.cases) {
    samples.insert(one->samples);
    servers.insert(one->servers);
    values.push_back({{"servers", one->servers},
                      {"samples", samples_name(one->samples)},
                      {"saved", number_or_null(100 * (one->*saved))}});
  }
  std::vector<std::string> names;
  for (const double each : samples) names.push_back(samples_name(each));
  const Json log{{"type", "log"}, {"base", 2}, {"nice", false}, {"padding", 12}};
  return {
      {"height", 260},
      {"data", {{"values", values}}},
      {"encoding",
       {{"x", quantity("servers", "servers", log, {{"values", servers}, {"format", ","}, {"labelOverlap", "greedy"}})},
        {"y", quantity("saved", "saved, % of a step")},
        {"color", colour_by("samples", names)}}},
      {"layer",
       {{{"mark", {{"type", "line"}, {"strokeWidth", 1.6}}}},
        {{"mark", {{"type", "point"}, {"filled", true}, {"size", 40}, {"opacity", 1}}}}}}};
}

void add_curve(Page& page, const Curve& curve) {
  std::set<std::uint64_t> servers;
  for (const ScaleCase* one : curve.cases) servers.insert(one->servers);
  const ScaleCase& first = *curve.first;
  page.add_heading(fmt::format("{}: {} bits by light{}{}", escape_html(first.model), first.bits,
                               first.fused ? ", quantised where gradients are made" : "",
                               first.overlapped ? ", sent while others are computed" : ""));
  if (servers.size() > 1) {
    page.open_row();
    page.add_chart(curve_chart(curve, &ScaleCase::saved_of_ring),
                   fmt::format("What OptINC saves against a ring of {} bits", first.element_bits), Source::modelled,
                   "A line for each number of samples that a server trains on in a step.");
    page.add_chart(curve_chart(curve, &ScaleCase::saved_of_ring_at_equal_bits), "Against a ring at equal bits",
                   Source::modelled, "The ring sends the same codes: what is left is light’s.");
    page.add_chart(curve_chart(curve, &ScaleCase::saved_of_best_at_equal_bits),
                   "Against the best of all others at equal bits", Source::modelled,
                   "Rabenseifner, double tree and adding switches, too. Below 0, OptINC loses.");
    page.close_row();
  }
  Table table({{"servers"},
               {"samples a server"},
               {"saved of a ring’s step"},
               {"of the best other’s"},
               {"of a ring’s at equal bits"},
               {"of the best other’s"}});
  for (const ScaleCase* one : curve.cases) {
    table.add_row({with_commas(one->servers), samples_name(one->samples), percent(one->saved_of_ring, 2),
                   percent(one->saved_of_best_other, 2), percent(one->saved_of_ring_at_equal_bits, 2),
                   percent(one->saved_of_best_at_equal_bits, 2)});
  }
  page.add_markup("<details>\n<summary>The numbers</summary>\n");
  page.add_table(table, "Shares of a step that OptINC saves", {Source::modelled});
  page.add_markup("</details>\n");
}

}  // namespace

void add_scale(Page& page, const ScaleRuns& scale) {
  if (scale.empty()) return;
  page.open_section(
      "scale", "What it buys at scale",
      "Bytes, latency and steps by closed forms over servers, links and parts (<code>optinc model</code>). "
      "All of it is modelled; nothing here was timed.");
  add_figure6(page, scale.figure6);
  add_figure7b(page, scale.figure7b);
  add_simulated(page, scale.simulated);
  for (const Curve& curve : curves_of(scale.cases)) add_curve(page, curve);
}

}  // namespace optinc::report
