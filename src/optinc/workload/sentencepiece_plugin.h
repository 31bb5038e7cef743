// sentencepiece behind a wall. Debian's libsentencepiece exports an old protobuf of its own; linked into a program that
// also has libprotobuf (LibTorch and ONNX bring it), the two take each other's functions and the program crashes before
// main(). So it is linked into a library of our own, and tokeniser.cc opens that with RTLD_DEEPBIND: inside, protobuf
// means sentencepiece's. What follows is all that crosses the wall.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace optinc::workload {

/// A trained sentencepiece model. All members throw std::runtime_error with what sentencepiece says.
class PieceModel {
 public:
  virtual ~PieceModel() = default;
  virtual int size() const = 0;
  virtual std::vector<int> encode(std::string_view text) const = 0;
  virtual std::string decode(const std::vector<int>& pieces) const = 0;
};

/// The one symbol that the plugin exports, under kPiecePluginSymbol.
struct PiecePlugin {
  /// Returns a model as bytes. `options` are those of spm_train.
  std::string (*train)(const std::vector<std::string>& sentences,
                       const std::unordered_map<std::string, std::string>& options);
  std::unique_ptr<PieceModel> (*load)(std::string_view model);
};

inline constexpr const char* kPiecePluginSymbol = "optinc_piece_plugin";

}  // namespace optinc::workload
