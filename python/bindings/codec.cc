#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "optinc/base/error.h"
#include "optinc/codec/pam4.h"

#include "bindings/arrays.h"
#include "bindings/module.h"
#include "bindings/natural.h"
#include "bindings/quantiser_options.h"

namespace py = pybind11;

namespace optinc::python {

codec::QuantiserOptions quantiser_options(int bits, std::int64_t block, const std::string& scale_format,
                                          const std::string& rounding) {
  base::require(block >= 1, "block {}: expected 1 .. {}", block, codec::kLargestBlock);
  const codec::QuantiserOptions options{.bits = bits,
                                        .block = static_cast<std::size_t>(block),
                                        .scale_format = codec::parse_scale_format(scale_format),
                                        .rounding = codec::parse_quantiser_rounding(rounding)};
  codec::check(options);
  return options;
}

namespace {

Array<std::uint16_t> scales_of(const py::object& scales) {
  return Array<std::uint16_t>(unsigned_numbers(scales, 0xFFFF, "scale code"));
}

std::uint64_t largest_code(int bits) {
  base::require(bits >= codec::kMinBits && bits <= codec::kMaxBits, "bits {}: expected {} to {}", bits, codec::kMinBits,
                codec::kMaxBits);
  return (std::uint64_t{1} << bits) - 1;
}

Array<std::uint16_t> local_scales(const Array<float>& values, int bits, std::int64_t block,
                                  const std::string& scale_format) {
  const codec::QuantiserOptions options = quantiser_options(bits, block, scale_format, "half-even");
  const auto blocks = codec::block_count(static_cast<std::size_t>(values.size()), options.block);
  Array<std::uint16_t> scales = empty<std::uint16_t>({static_cast<py::ssize_t>(blocks)});
  const auto in = numbers(values);
  const auto out = numbers(scales);
  {
    const py::gil_scoped_release release;
    codec::local_scales(in, options, out);
  }
  return scales;
}

/// codes of the values' shape.
Array<std::uint32_t> quantise(const Array<float>& values, const py::object& given_scales, int bits, std::int64_t block,
                              const std::string& scale_format, const std::string& rounding, std::uint64_t seed,
                              std::uint64_t stream, std::uint64_t first_element) {
  const codec::QuantiserOptions options = quantiser_options(bits, block, scale_format, rounding);
  const Array<std::uint16_t> scales = scales_of(given_scales);
  Array<std::uint32_t> codes = empty<std::uint32_t>(shape_of(values));
  const auto in = numbers(values);
  const auto steps = numbers(scales);
  const auto out = numbers(codes);
  {
    const py::gil_scoped_release release;
    codec::quantise(in, steps, options, base::CounterStream(seed, stream), first_element, out);
  }
  return codes;
}

Array<float> dequantise(const py::object& given_codes, const py::object& given_scales, int bits, std::int64_t block,
                        const std::string& scale_format, double gain) {
  const codec::QuantiserOptions options = quantiser_options(bits, block, scale_format, "half-even");
  const Array<std::uint32_t> codes = unsigned_numbers(given_codes, largest_code(bits), "code");
  const Array<std::uint16_t> scales = scales_of(given_scales);
  Array<float> values = empty<float>(shape_of(codes));
  const auto in = numbers(codes);
  const auto steps = numbers(scales);
  const auto out = numbers(values);
  {
    const py::gil_scoped_release release;
    codec::dequantise(in, steps, options, gain, out);
  }
  return values;
}

Array<std::uint8_t> pack(const py::object& given_codes, int bits) {
  const Array<std::uint32_t> codes = unsigned_numbers(given_codes, largest_code(bits), "code");
  const auto in = numbers(codes);
  Array<std::uint8_t> packed = empty<std::uint8_t>({static_cast<py::ssize_t>(codec::packed_bytes(in.size(), bits))});
  const auto out = numbers(packed);
  {
    const py::gil_scoped_release release;
    codec::pack_symbols(in, bits, out);
  }
  return packed;
}

Array<std::uint32_t> unpack(const py::object& given_packed, int bits, std::optional<std::int64_t> given_count) {
  largest_code(bits);
  const Array<std::uint8_t> packed(unsigned_numbers(given_packed, 0xFF, "byte"));
  const auto in = numbers(packed);
  const std::uint64_t most = 4 * in.size() / codec::symbols_per_code(bits);
  const std::uint64_t count = given_count ? natural(*given_count, "count") : most;
  base::require(count <= most, "count {}: expected 0 .. {}, the codes of {} bits in {} bytes", count, most, bits,
                in.size());
  Array<std::uint32_t> codes = empty<std::uint32_t>({static_cast<py::ssize_t>(count)});
  const auto out = numbers(codes);
  {
    const py::gil_scoped_release release;
    codec::unpack_symbols(in, bits, 0, out);
  }
  return codes;
}

}  // namespace

void add_codec(py::module_& module) {
  module.def("local_scales", &local_scales, py::arg("values"), py::arg("bits"), py::arg("block"),
             py::arg("scale_format"));
  module.def("quantise", &quantise, py::arg("values"), py::arg("scales"), py::arg("bits"), py::arg("block"),
             py::arg("scale_format"), py::arg("rounding"), py::arg("seed"), py::arg("stream"),
             py::arg("first_element"));
  module.def("dequantise", &dequantise, py::arg("codes"), py::arg("scales"), py::arg("bits"), py::arg("block"),
             py::arg("scale_format"), py::arg("gain"));
  module.def("pack", &pack, py::arg("codes"), py::arg("bits"));
  module.def("unpack", &unpack, py::arg("packed"), py::arg("bits"), py::arg("count"));
}

}  // namespace optinc::python
