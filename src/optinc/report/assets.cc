#include "optinc/report/assets.h"

// The assembler takes the files in as they are. A literal would have to be generated, escaped and cut up: compilers
// limit its length. CMakeLists.txt gives the folders and lists the files as dependencies.
#define OPTINC_EMBED(name, path)                                     \
  __asm__(                                                           \
      ".pushsection .rodata\n"                                       \
      ".global optinc_asset_" #name                                  \
      "_begin\n"                                                     \
      ".global optinc_asset_" #name                                  \
      "_end\n"                                                       \
      "optinc_asset_" #name                                          \
      "_begin:\n"                                                    \
      ".incbin \"" path                                              \
      "\"\n"                                                         \
      "optinc_asset_" #name                                          \
      "_end:\n"                                                      \
      ".byte 0\n"                                                    \
      ".popsection\n");                                              \
  extern "C" const char optinc_asset_##name##_begin[];               \
  extern "C" const char optinc_asset_##name##_end[];                 \
  namespace optinc::report {                                         \
  std::string_view name() {                                          \
    return {optinc_asset_##name##_begin, optinc_asset_##name##_end}; \
  }                                                                  \
  }

OPTINC_EMBED(page_css, OPTINC_REPORT_DIRECTORY "/page.css")
OPTINC_EMBED(page_js, OPTINC_REPORT_DIRECTORY "/page.js")
OPTINC_EMBED(vega_js, OPTINC_VEGA_DIRECTORY "/vega.min.js")
OPTINC_EMBED(vega_lite_js, OPTINC_VEGA_DIRECTORY "/vega-lite.min.js")
OPTINC_EMBED(vega_licence, OPTINC_VEGA_DIRECTORY "/LICENSE.vega")
OPTINC_EMBED(vega_lite_licence, OPTINC_VEGA_DIRECTORY "/LICENSE.vega-lite")
OPTINC_EMBED(bundled_licences, OPTINC_VEGA_DIRECTORY "/LICENSE.bundled")
