#pragma once
#include "store/character_store.hpp"
#include "store/ledger_store.hpp"
#include "store/note_store.hpp"
#include "store/page_store.hpp"
#include "store/recall_store.hpp"
#include "store/turn_store.hpp"
#include "store/usage_store.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace gibsey::store::testing {

/// Empty stores of one backend.
class Stores {
 public:
  virtual ~Stores() = default;
  virtual PageStore& pages() = 0;
  virtual CharacterStore& characters() = 0;
  virtual TurnStore& turns() = 0;
  virtual UsageStore& usage() = 0;
  virtual RecallStore& recall() = 0;
  virtual LedgerStore& ledger() = 0;
  virtual NoteStore& notes() = 0;
};

/// A backend that must keep the contracts of the interfaces. A new one is added to `backends()` and nothing else.
struct Backend {
  const char* name;
  std::unique_ptr<Stores> (*open)();
  /// Why a test ("LedgerContract.settle_...") cannot hold for this backend; null where it must. Null itself: all must.
  const char* (*left_out)(std::string_view test) = nullptr;

  friend void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }
};

[[nodiscard]] std::vector<Backend> backends();
/// Those and the backends of a ledger alone.
[[nodiscard]] std::vector<Backend> ledger_backends();
[[nodiscard]] std::string name_of(const ::testing::TestParamInfo<Backend>& backend);

/// Base of the contract suites.
class Contract : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override;

  std::unique_ptr<Stores> stores_ = GetParam().open();
};

}  // namespace gibsey::store::testing
