// The files a page is made of, embedded at build time.
#pragma once

#include <string_view>

namespace optinc::report {

std::string_view page_css();
std::string_view page_js();
std::string_view vega_js();
std::string_view vega_lite_js();
/// The licences of Vega, Vega-Lite and what they contain: they go wherever the two go.
std::string_view vega_licence();
std::string_view vega_lite_licence();
std::string_view bundled_licences();

}  // namespace optinc::report
