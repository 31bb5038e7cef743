// A page being written: sections, charts and tables in order, then one HTML document that needs nothing from outside.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "optinc/base/record.h"

namespace optinc::report {

/// Where a figure comes from.
enum class Source {
  measured,   ///< observed in the run: losses, wrong outputs, times
  counted,    ///< follows exactly from the structure: MZIs
  modelled,   ///< what the hardware would do, by formula: bytes on the wire
  published,  ///< what the paper says
};
/// A small label for it (markup).
std::string source_label(Source source);

struct Column {
  std::string title;
  bool is_number = true;  ///< set to the right, digits below digits
};

/// A table; every text is escaped when it is added.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add_row(const std::vector<std::string>& cells);
  /// A row that sums up those above.
  void add_total(const std::vector<std::string>& cells);
  /// `name` is what a screen reader calls it.
  std::string html(std::string_view name) const;

 private:
  void add_cells(std::string_view row_class, const std::vector<std::string>& cells);
  std::vector<Column> columns_;
  std::string rows_;
};

/// Texts called markup are taken as they are; every other text is escaped.
class Page {
 public:
  Page(std::string title, std::string sentence);

  /// A figure in large type under the headline.
  void add_key_figure(std::string_view value, std::string_view meaning, Source source);
  void open_section(std::string_view id, std::string_view title, std::string_view lead_markup);
  void add_heading(std::string_view text);
  /// A paragraph.
  void add_text(std::string_view markup);
  void add_markup(std::string_view markup) { body_ += markup; }
  /// The title of a figure or table (markup): a heading one below the one it stands under.
  std::string title_markup(std::string_view markup) const;
  /// A Vega-Lite specification without width, colours (they are names of CSS variables: "var(--ring)") and
  /// configuration, which page.js adds; `title` names the figure, `caption_markup` says what to see in it.
  void add_chart(const base::Json& specification, std::string_view title, Source source,
                 std::string_view caption_markup);
  /// Figures added until `close_row` stand side by side where there is room.
  void open_row();
  void close_row();
  void add_table(const Table& table, std::string_view title, std::initializer_list<Source> sources);

  /// The document. `summary` is embedded as <script type="application/json" id="summary">.
  std::string html(const base::Json& summary) const;

 private:
  std::string title_;
  std::string sentence_;
  std::string key_figures_;
  std::string contents_;
  std::string body_;
  bool in_section_ = false;
  bool under_heading_ = false;
  base::Json charts_ = base::Json::array();
};

}  // namespace optinc::report
