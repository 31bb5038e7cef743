// Python's pickle, the part of it that data need: no class is looked up and no code is run. What a pickle would call is
// kept as data.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace optinc::onn {

struct PickleValue {
  enum class Kind {
    none,
    boolean,     ///< integer
    integer,     ///< integer
    real,        ///< real
    text,        ///< text (str or bytes)
    sequence,    ///< items: a list or a tuple
    dictionary,  ///< items: key, value, key, value, ...
    global,      ///< text: "module name", a class or a function
    call,        ///< items: what would be called, its arguments (a sequence); then what append and setitem gave it
    persistent,  ///< items: one, the id of something that is stored elsewhere
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<const PickleValue*> items;

  bool is_call_of(std::string_view global) const {
    return kind == Kind::call && items.size() >= 2 && items[0]->kind == Kind::global && items[0]->text == global &&
           items[1]->kind == Kind::sequence;
  }
};

/// A parsed pickle of protocol 2 to 5; it owns all values. Values may hold each other and even themselves.
class Pickle {
 public:
  /// A byte can make a value of a hundred. The pickle of a state dict has some hundred bytes a tensor.
  static constexpr std::size_t kMostBytes = std::size_t{1} << 22;

  /// `place` is for messages. Throws base::InputError, one line, for what is malformed or needs more than data.
  Pickle(std::string_view bytes, std::string_view place);
  Pickle(const Pickle&) = delete;
  Pickle& operator=(const Pickle&) = delete;

  const PickleValue& root() const { return *root_; }

 private:
  friend class PickleMachine;
  std::deque<PickleValue> values_;  // places that don't move
  const PickleValue* root_ = nullptr;
};

}  // namespace optinc::onn
