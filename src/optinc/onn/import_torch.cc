// A state dict as torch.save writes it: a zip archive with PREFIX/data.pkl, a pickle of the dictionary, and
// PREFIX/data/0, PREFIX/data/1, ..., the numbers of the storages that its tensors lie in.
#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "optinc/base/error.h"
#include "optinc/onn/import_readers.h"
#include "optinc/onn/pickle.h"

namespace optinc::onn {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kPickleName = "data.pkl";

struct Storage {
  std::vector<float> numbers;
  std::size_t number_bytes = 0;  // as stored
};

class StateDict {
 public:
  StateDict(Zip& zip, std::string prefix) : zip_(zip), prefix_(std::move(prefix)) {}

  std::vector<Tensor> read(const PickleValue& root) {
    const Entries entries = find_dictionary(root);
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
      base::require(entries[i]->kind == Kind::text, "{}: entry {} of the state dict has no name, expected one",
                    zip_.file_name(), i / 2 + 1);
      const std::string& name = entries[i]->text;
      base::require(is_tensor(*entries[i + 1]),
                    "{}: {} is no tensor, expected a state dict: torch.save(model.state_dict(), ...)", zip_.file_name(),
                    printable(name));
      tensors.push_back(read_tensor(*entries[i + 1], name));
    }
    return tensors;
  }

 private:
  using Entries = std::span<const PickleValue* const>;

  /// key, value, ... of a dictionary; none for what is no dictionary, or too large a one.
  static std::optional<Entries> entries_of(const PickleValue& value) {
    const bool ordered = value.is_call_of("collections OrderedDict");
    if (!ordered && value.kind != Kind::dictionary) return std::nullopt;
    const Entries entries = Entries(value.items).subspan(ordered ? 2 : 0);
    if (entries.size() % 2 != 0 || entries.size() > 2 * kMostTensors) return std::nullopt;
    return entries;
  }

  static bool is_tensor(const PickleValue& value) {
    return value.is_call_of("torch._utils _rebuild_tensor_v2") || value.is_call_of("torch._utils _rebuild_parameter");
  }

  /// The state dict: the whole, or where that holds no tensors (a checkpoint), the first dictionary in it that does.
  Entries find_dictionary(const PickleValue& root) const {
    const auto has_tensor = [](Entries entries) {
      for (std::size_t i = 1; i < entries.size(); i += 2) {
        if (is_tensor(*entries[i])) return true;
      }
      return false;
    };
    const std::optional<Entries> entries = entries_of(root);
    if (!entries) {
      const bool named = root.kind == Kind::call && root.items[0]->kind == Kind::global;
      base::refuse(
          "{}: holds {}, expected a state dict: torch.save(model.state_dict(), ...)", zip_.file_name(),
          named ? printable(root.items[0]->text) : fmt::format("no dictionary of at most {} entries", kMostTensors));
    }
    if (has_tensor(*entries)) return *entries;
    for (std::size_t i = 1; i < entries->size(); i += 2) {
      const std::optional<Entries> inner = entries_of(*(*entries)[i]);
      if (inner && has_tensor(*inner)) return *inner;
    }
    base::refuse("{}: holds no tensors, expected a state dict: torch.save(model.state_dict(), ...)", zip_.file_name());
  }

  static std::vector<std::uint64_t> sizes_of(const PickleValue& value, const std::string& place) {
    std::vector<std::uint64_t> sizes;
    base::require(value.kind == Kind::sequence, "{}: no list of sizes, expected one (the file is damaged)", place);
    for (const PickleValue* item : value.items) {
      base::require(item->kind == Kind::integer && item->integer >= 0, "{}: a size that is no number from 0", place);
      sizes.push_back(static_cast<std::uint64_t>(item->integer));
    }
    return sizes;
  }

  Tensor read_tensor(const PickleValue& value, const std::string& name) {
    const std::string place = fmt::format("{}: tensor {}", zip_.file_name(), printable(name));
    const PickleValue* rebuilt = &value;
    if (rebuilt->is_call_of("torch._utils _rebuild_parameter")) {
      base::require(!rebuilt->items[1]->items.empty(), "{}: an empty parameter (the file is damaged)", place);
      rebuilt = rebuilt->items[1]->items[0];
    }
    base::require(rebuilt->is_call_of("torch._utils _rebuild_tensor_v2"), "{}: expected a plain tensor", place);
    const std::vector<const PickleValue*>& arguments =
        rebuilt->items[1]->items;  // storage, offset, shape, strides, ...
    base::require(arguments.size() >= 4 && arguments[1]->kind == Kind::integer && arguments[1]->integer >= 0,
                  "{}: expected storage, offset, shape and strides (the file is damaged)", place);
    const Storage& storage = find_storage(*arguments[0], place);
    const auto offset = static_cast<std::uint64_t>(arguments[1]->integer);
    Tensor tensor{name, sizes_of(*arguments[2], place), {}};
    const std::vector<std::uint64_t> strides = sizes_of(*arguments[3], place);
    base::require(strides.size() == tensor.shape.size(), "{}: {} sizes and {} strides, expected as many", place,
                  tensor.shape.size(), strides.size());
    base::require(tensor.shape.size() <= 2, "{}: {} sizes, expected a weight [outputs, inputs] or a bias [outputs]",
                  place, tensor.shape.size());
    const std::uint64_t count = count_numbers(tensor.shape, zip_.file_name(), name);
    numbers_ += count;
    base::require(numbers_ <= kMostNumbers, "{}: {} numbers so far, expected at most {}", place, numbers_,
                  kMostNumbers);
    const std::uint64_t stored = storage.numbers.size();
    // The last number's place; sizes and strides are at most 2^26 each then, so nothing overflows.
    std::uint64_t last = offset;
    for (std::size_t i = 0; i < strides.size(); ++i) {
      base::require(strides[i] <= kMostNumbers, "{}: stride {}, expected at most {}", place, strides[i], kMostNumbers);
      last += count == 0 ? 0 : (tensor.shape[i] - 1) * strides[i];
    }
    base::require(count == 0 || (offset < stored && last < stored), "{}: reaches to number {} of {} that are stored",
                  place, last + 1, stored);
    tensor.values.reserve(count);
    const std::uint64_t rows = tensor.shape.size() == 2 ? tensor.shape[0] : 1;
    const std::uint64_t columns = tensor.shape.empty() ? 1 : tensor.shape.back();
    for (std::uint64_t row = 0; row < rows && count > 0; ++row) {
      for (std::uint64_t column = 0; column < columns; ++column) {
        const std::uint64_t row_offset = strides.size() == 2 ? row * strides[0] : 0;
        const std::uint64_t column_offset = strides.empty() ? 0 : column * strides.back();
        tensor.values.push_back(storage.numbers[offset + row_offset + column_offset]);
      }
    }
    return tensor;
  }

  /// The id of a storage: ("storage", its type, its key, its device, how many numbers).
  const Storage& find_storage(const PickleValue& value, const std::string& place) {
    const bool is_id = value.kind == Kind::persistent && value.items[0]->kind == Kind::sequence &&
                       value.items[0]->items.size() >= 5 && value.items[0]->items[1]->kind == Kind::global &&
                       value.items[0]->items[2]->kind == Kind::text;
    base::require(is_id, "{}: expected a storage (the file is damaged)", place);
    const std::string& type = value.items[0]->items[1]->text;
    const std::string& key = value.items[0]->items[2]->text;
    const std::size_t number_bytes = type == "torch FloatStorage" ? 4 : type == "torch DoubleStorage" ? 8 : 0;
    base::require(number_bytes != 0, "{}: {}, expected FloatStorage or DoubleStorage (float32 or float64)", place,
                  printable(type));
    auto found = storages_.find(key);
    if (found == storages_.end()) {
      const std::string name = fmt::format("{}data/{}", prefix_, key);
      const ZipEntry* entry = zip_.find(name);
      base::require(entry != nullptr, "{}: no entry {} in the archive, expected its numbers there", place,
                    printable(name));
      const std::string bytes = zip_.read(*entry);
      base::require(bytes.size() % number_bytes == 0, "{}: a storage of {} bytes, expected whole numbers of {} bytes",
                    place, bytes.size(), number_bytes);
      found = storages_.emplace(key, Storage{floats_of_bytes(bytes, number_bytes), number_bytes}).first;
    }
    base::require(found->second.number_bytes == number_bytes, "{}: its storage is of two types, expected one", place);
    return found->second;
  }

  Zip& zip_;
  std::string prefix_;
  std::map<std::string, Storage> storages_;
  std::uint64_t numbers_ = 0;  // of all tensors so far
};

}  // namespace

std::vector<Tensor> read_torch(Zip& zip) {
  const auto pickled = std::ranges::find_if(zip.entries(), [](const ZipEntry& entry) {
    return entry.name == kPickleName || entry.name.ends_with(fmt::format("/{}", kPickleName));
  });
  base::require(pickled != zip.entries().end(), "{}: no data.pkl, expected what torch.save writes", zip.file_name());
  const std::string prefix = pickled->name.substr(0, pickled->name.size() - kPickleName.size());
  base::require(zip.find(prefix + "constants.pkl") == nullptr,
                "{}: a TorchScript archive, expected a state dict: torch.save(model.state_dict(), ...)",
                zip.file_name());
  if (const ZipEntry* order = zip.find(prefix + "byteorder"); order != nullptr) {
    const std::string text = zip.read(*order);
    base::require(text == "little", "{}: byte order {}, expected little", zip.file_name(), printable(text));
  }
  const std::string bytes = zip.read(*pickled);
  const std::string place = fmt::format("{}: {}", zip.file_name(), printable(pickled->name));
  const Pickle pickle(bytes, place);
  return StateDict(zip, prefix).read(pickle.root());
}

}  // namespace optinc::onn
