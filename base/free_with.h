// A C library's object as a unique_ptr's.
#pragma once

namespace base {

/// The deleter of an object that a function of its library frees.
template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

}  // namespace base
