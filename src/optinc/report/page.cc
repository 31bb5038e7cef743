#include "optinc/report/page.h"

#include <stdexcept>

#include <fmt/format.h>

#include "optinc/base/version.h"
#include "optinc/report/assets.h"
#include "optinc/report/html.h"

namespace optinc::report {
namespace {

// Nothing may be fetched, whatever is in the page; Vega compiles its expressions, hence 'unsafe-eval'.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'";

// A script for a <script> element: "</script" would end the element and "<!--" change how the rest is read. In
// JavaScript both can only be in a string or a regular expression, where "\/" and "\!" mean the same. A source map
// would be asked for: cut off.
std::string script_source(std::string_view source) {
  std::string safe(source.substr(0, source.rfind("//# sourceMappingURL=")));
  const auto is_at = [&](std::size_t place, std::string_view lower_case) {
    for (std::size_t i = 0; i < lower_case.size(); ++i) {
      if (place + i >= safe.size()) return false;
      const char c = safe[place + i];
      if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower_case[i]) return false;
    }
    return true;
  };
  for (std::size_t place = safe.find('<'); place != std::string::npos; place = safe.find('<', place + 1)) {
    if (is_at(place, "</script") || is_at(place, "<!--")) safe.insert(place + 1, 1, '\\');
  }
  return safe;
}

}  // namespace

std::string source_label(Source source) {
  switch (source) {
    case Source::measured:
      return R"(<span class="source measured">measured</span>)";
    case Source::counted:
      return R"(<span class="source counted">counted</span>)";
    case Source::modelled:
      return R"(<span class="source modelled">modelled</span>)";
    case Source::published:
      return R"(<span class="source published">published</span>)";
  }
  throw std::logic_error("source_label: no such source");
}

void Table::add_row(const std::vector<std::string>& cells) {
  add_cells("", cells);
}

void Table::add_total(const std::vector<std::string>& cells) {
  add_cells(" class=\"total\"", cells);
}

void Table::add_cells(std::string_view row_class, const std::vector<std::string>& cells) {
  if (cells.size() != columns_.size()) throw std::logic_error("Table: a row with another number of cells than columns");
  rows_ += fmt::format("<tr{}>", row_class);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    rows_ += fmt::format("<td{}>{}</td>", columns_[i].is_number ? " class=\"number\"" : "", escape_html(cells[i]));
  }
  rows_ += "</tr>\n";
}

std::string Table::html(std::string_view name) const {
  std::string head;
  for (const Column& column : columns_) {
    head += fmt::format("<th scope=\"col\"{}>{}</th>", column.is_number ? " class=\"number\"" : "",
                        escape_html(column.title));
  }
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
      "aria-label=\"{}\"><table><thead><tr>{}</tr></thead><tbody>\n"
      "{}</tbody></table></div>\n",
      escape_html(name), head, rows_);
}

Page::Page(std::string title, std::string sentence) : title_(std::move(title)), sentence_(std::move(sentence)) {}

void Page::add_key_figure(std::string_view value, std::string_view meaning, Source source) {
  key_figures_ += fmt::format("<div class=\"key\"><dt>{} {}</dt><dd>{}</dd></div>\n", escape_html(meaning),
                              source_label(source), escape_html(value));
}

void Page::open_section(std::string_view id, std::string_view title, std::string_view lead_markup) {
  if (in_section_) body_ += "</section>\n";
  in_section_ = true;
  under_heading_ = false;
  contents_ += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, escape_html(title));
  body_ +=
      fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n<p class=\"lead\">{}</p>\n", id, escape_html(title), lead_markup);
}

void Page::add_heading(std::string_view text) {
  under_heading_ = true;
  body_ += fmt::format("<h3>{}</h3>\n", escape_html(text));
}

void Page::add_text(std::string_view markup) {
  body_ += fmt::format("<p>{}</p>\n", markup);
}

void Page::add_chart(const base::Json& specification, std::string_view title, Source source,
                     std::string_view caption_markup) {
  const std::string id = fmt::format("chart-{}", charts_.size() + 1);
  charts_.push_back({{"id", id}, {"specification", specification}});
  body_ += fmt::format(
      "<figure>\n{}\n<div class=\"chart\" id=\"{}\" role=\"img\" aria-label=\"{}\"></div>\n"
      "<figcaption>{}</figcaption>\n</figure>\n",
      title_markup(escape_html(title) + " " + source_label(source)), id, escape_html(title), caption_markup);
}

std::string Page::title_markup(std::string_view markup) const {
  const int level = under_heading_ ? 4 : 3;
  return fmt::format("<h{} class=\"title\">{}</h{}>", level, markup, level);
}

void Page::open_row() {
  body_ += "<div class=\"row\">\n";
}

void Page::close_row() {
  body_ += "</div>\n";
}

void Page::add_table(const Table& table, std::string_view title, std::initializer_list<Source> sources) {
  std::string markup = escape_html(title);
  for (const Source source : sources) (markup += ' ') += source_label(source);
  body_ += title_markup(markup) + "\n" + table.html(title);
}

std::string Page::html(const base::Json& summary) const {
  std::string html;
  html.reserve(1 << 20);
  html += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", kContentPolicy);
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += "<meta name=\"color-scheme\" content=\"light dark\">\n";
  html += fmt::format("<meta name=\"generator\" content=\"optinc {}\">\n", base::kVersion);
  html += fmt::format("<title>{}</title>\n<style>\n{}</style>\n", escape_html(title_), page_css());
  html += fmt::format("<script>\n{}</script>\n</head>\n<body>\n", script_source(page_js()));
  html +=
      fmt::format("<header>\n<h1>{}</h1>\n<p class=\"sentence\">{}</p>\n", escape_html(title_), escape_html(sentence_));
  if (!key_figures_.empty()) html += fmt::format("<dl class=\"keys\">\n{}</dl>\n", key_figures_);
  html += fmt::format("<nav aria-label=\"Sections\"><ol>{}</ol></nav>\n", contents_);
  html += "<noscript><p class=\"note\">The charts need JavaScript; the text and the tables don't.</p></noscript>\n";
  html += "</header>\n<main>\n" + body_ + (in_section_ ? "</section>\n" : "") + "</main>\n";
  html += fmt::format(
      "<footer><p>Written by optinc {} from record files alone. Charts: Vega and Vega-Lite, inside this "
      "file; their licences are in its source.</p></footer>\n",
      base::kVersion);
  html += fmt::format("<script type=\"application/json\" id=\"summary\">\n{}\n</script>\n", script_json(summary, 1));
  html += fmt::format("<script type=\"application/json\" id=\"charts\">{}</script>\n", script_json(charts_));
  html += fmt::format("<script>\n/* Vega\n\n{}\n\n{}*/\n{}</script>\n", vega_licence(), bundled_licences(),
                      script_source(vega_js()));
  html +=
      fmt::format("<script>\n/* Vega-Lite\n\n{}*/\n{}</script>\n", vega_lite_licence(), script_source(vega_lite_js()));
  html += "</body>\n</html>\n";
  return html;
}

}  // namespace optinc::report
