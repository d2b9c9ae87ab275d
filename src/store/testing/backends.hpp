#pragma once
#include "store/character_store.hpp"
#include "store/ledger_store.hpp"
#include "store/page_store.hpp"
#include "store/turn_store.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>

namespace gibsey::store::testing {

/// Empty stores of one backend.
class Stores {
 public:
  virtual ~Stores() = default;
  virtual PageStore& pages() = 0;
  virtual CharacterStore& characters() = 0;
  virtual TurnStore& turns() = 0;
  virtual LedgerStore& ledger() = 0;
};

/// A backend that must keep the contracts of the interfaces. A new one is added to `backends()` and nothing else.
struct Backend {
  const char* name;
  std::unique_ptr<Stores> (*open)();

  friend void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }
};

[[nodiscard]] std::vector<Backend> backends();
[[nodiscard]] std::string name_of(const ::testing::TestParamInfo<Backend>& backend);

/// Base of the contract suites.
class Contract : public ::testing::TestWithParam<Backend> {
 protected:
  std::unique_ptr<Stores> stores_ = GetParam().open();
};

}  // namespace gibsey::store::testing
