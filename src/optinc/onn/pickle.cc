#include "optinc/onn/pickle.h"

#include <cstring>
#include <unordered_map>

#include "optinc/base/error.h"

namespace optinc::onn {

using Kind = PickleValue::Kind;

/// The stack machine that a pickle is a program for.
class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, std::string_view place, Pickle& pickle)
      : bytes_(bytes), place_(place), pickle_(pickle) {}

  void run() {
    while (!stopped_) step(static_cast<unsigned char>(take(1)[0]));
    pickle_.root_ = pop();
  }

 private:
  std::string_view take(std::size_t count) {
    base::require(count <= bytes_.size() - at_, "{}: the pickle ends at byte {}, expected more (the file is damaged)",
                  place_, bytes_.size());
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }

  /// An unsigned little-endian number.
  std::uint64_t number(std::size_t count) {
    const std::string_view taken = take(count);
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(taken[i]);
    return value;
  }

  /// A two's complement number of 1 to 8 bytes.
  std::int64_t signed_number(std::size_t count) {
    const auto value = static_cast<std::int64_t>(number(count) << (64 - 8 * count));
    return value >> (64 - 8 * count);
  }

  double real() {
    std::uint64_t bits = 0;  // big-endian
    for (const char c : take(sizeof(double))) bits = bits << 8 | static_cast<unsigned char>(c);
    double value = 0;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }

  std::string line() {
    const std::size_t end = bytes_.find('\n', at_);
    base::require(end != bytes_.npos, "{}: the pickle ends within a name (the file is damaged)", place_);
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }

  PickleValue* push(PickleValue value) {
    pickle_.values_.push_back(std::move(value));
    stack_.push_back(&pickle_.values_.back());
    return stack_.back();
  }
  void push_integer(std::int64_t value) { push({.kind = Kind::integer, .integer = value}); }
  void push_text(std::size_t count) { push({.kind = Kind::text, .text = std::string(take(count))}); }

  PickleValue* pop() {
    check_depth(1);
    PickleValue* value = stack_.back();
    stack_.pop_back();
    return value;
  }

  /// What is above the last mark, which goes.
  std::vector<const PickleValue*> pop_mark() {
    base::require(!marks_.empty() && marks_.back() <= stack_.size(),
                  "{}: a pickle without a mark (the file is damaged)", place_);
    std::vector<const PickleValue*> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  void check_depth(std::size_t count) const {
    base::require(stack_.size() >= count, "{}: a pickle that takes more than it has (the file is damaged)", place_);
  }

  void push_tuple(std::size_t count) {
    check_depth(count);
    PickleValue tuple{.kind = Kind::sequence};
    tuple.items.assign(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    push(std::move(tuple));
  }

  /// Adds to the container below them: the top `items`, which were taken.
  void add_items(const std::vector<const PickleValue*>& items) {
    check_depth(1);
    PickleValue& container = *stack_.back();
    const bool takes_items =
        container.kind == Kind::sequence || container.kind == Kind::dictionary || container.kind == Kind::call;
    base::require(takes_items, "{}: a pickle that adds to what holds nothing (the file is damaged)", place_);
    container.items.insert(container.items.end(), items.begin(), items.end());
  }

  void memoize(std::uint64_t key) {
    check_depth(1);
    memo_[key] = stack_.back();
  }

  void get(std::uint64_t key) {
    const auto found = memo_.find(key);
    base::require(found != memo_.end(), "{}: a pickle that recalls what it never had (the file is damaged)", place_);
    stack_.push_back(found->second);
  }

  void push_global(const std::string& module, const std::string& name) {
    push({.kind = Kind::global, .text = module + ' ' + name});
  }

  void step(unsigned char code);
  bool step_simple(unsigned char code);

  std::string_view bytes_;
  std::string_view place_;
  Pickle& pickle_;
  std::size_t at_ = 0;
  bool stopped_ = false;
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, PickleValue*> memo_;
};

/// Plain values; false for every other code.
bool PickleMachine::step_simple(unsigned char code) {
  switch (code) {
    case 'N':
      push({});
      return true;
    case 0x88:
    case 0x89:
      push({.kind = Kind::boolean, .integer = code == 0x88 ? 1 : 0});
      return true;
    case 'J':  // BININT
      push_integer(signed_number(4));
      return true;
    case 'K':  // BININT1
      push_integer(static_cast<std::int64_t>(number(1)));
      return true;
    case 'M':  // BININT2
      push_integer(static_cast<std::int64_t>(number(2)));
      return true;
    case 0x8a: {  // LONG1
      const std::uint64_t count = number(1);
      base::require(count <= 8, "{}: an integer of {} bytes, expected at most 8", place_, count);
      push_integer(count == 0 ? 0 : signed_number(count));
      return true;
    }
    case 'G':
      push({.kind = Kind::real, .real = real()});
      return true;
    case 'U':   // SHORT_BINSTRING
    case 'C':   // SHORT_BINBYTES
    case 0x8c:  // SHORT_BINUNICODE
      push_text(number(1));
      return true;
    case 'T':  // BINSTRING
    case 'B':  // BINBYTES
    case 'X':  // BINUNICODE
      push_text(number(4));
      return true;
    case 0x8d:  // BINUNICODE8
      push_text(number(8));
      return true;
    default:
      return false;
  }
}

void PickleMachine::step(unsigned char code) {
  if (step_simple(code)) return;
  switch (code) {
    case 0x80:  // PROTO
      take(1);
      break;
    case 0x95:  // FRAME
      take(8);
      break;
    case '}':
      push({.kind = Kind::dictionary});
      break;
    case ']':
    case ')':
      push({.kind = Kind::sequence});
      break;
    case '(':
      marks_.push_back(stack_.size());
      break;
    case 't':
    case 'l':
      push({.kind = Kind::sequence, .items = pop_mark()});
      break;
    case 0x85:
    case 0x86:
    case 0x87:
      push_tuple(code - 0x84u);
      break;
    case 'a':  // APPEND
      add_items({pop()});
      break;
    case 's': {  // SETITEM
      const PickleValue* value = pop();
      const PickleValue* key = pop();
      add_items({key, value});
      break;
    }
    case 'e':  // APPENDS
    case 'u':  // SETITEMS
      add_items(pop_mark());
      break;
    case 'q':  // BINPUT
      memoize(number(1));
      break;
    case 'r':  // LONG_BINPUT
      memoize(number(4));
      break;
    case 0x94:  // MEMOIZE
      memoize(memo_.size());
      break;
    case 'h':  // BINGET
      get(number(1));
      break;
    case 'j':  // LONG_BINGET
      get(number(4));
      break;
    case 'c': {  // GLOBAL
      const std::string module = line();
      push_global(module, line());
      break;
    }
    case 0x93: {  // STACK_GLOBAL
      const PickleValue* name = pop();
      const PickleValue* module = pop();
      constexpr std::size_t kLongest = 200;  // names recalled again and again must not add up
      base::require(module->kind == Kind::text && name->kind == Kind::text && module->text.size() <= kLongest &&
                        name->text.size() <= kLongest,
                    "{}: a pickle with a name that is none (the file is damaged)", place_);
      push_global(module->text, name->text);
      break;
    }
    case 'Q':  // BINPERSID
      push({.kind = Kind::persistent, .items = {pop()}});
      break;
    case 'R':     // REDUCE
    case 0x81: {  // NEWOBJ
      const PickleValue* arguments = pop();
      const PickleValue* callable = pop();
      push({.kind = Kind::call, .items = {callable, arguments}});
      break;
    }
    case 'b':  // BUILD: attributes, which no data need
      pop();
      check_depth(1);
      break;
    case '.':
      stopped_ = true;
      break;
    default:
      base::refuse("{}: pickle opcode 0x{:02x} at byte {}, expected those of a state dict", place_, code, at_ - 1);
  }
}

Pickle::Pickle(std::string_view bytes, std::string_view place) {
  base::require(bytes.size() <= kMostBytes, "{}: a pickle of {} bytes, expected at most {}", place, bytes.size(),
                kMostBytes);
  PickleMachine(bytes, place, *this).run();
}

}  // namespace optinc::onn
