// Opens a file as the program of form 3 left it.
#include "store/sqlite/connection.hpp"
#include "store/sqlite/page_schema.hpp"
#include "store/sqlite/page_store.hpp"
#include "store/testing/await.hpp"
#include "store/testing/sample_pages.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gibsey::store {
namespace {

using testing::sample_page;
using testing::value_of;

constexpr const char* kPages = R"sql(
INSERT INTO worlds VALUES (1, 'tower', 'The Tower', 'An author', 'en', 'CC0', 'folder', 7, 2, '', '', '{"world":"tower"}', 'small', 0);
INSERT INTO pages VALUES (1, 'tower', '001', '1', 'Title', 'One', 'The first page.', '', 'arieol', 0, 2, 'hash 1', 1000, 3);
INSERT INTO pages VALUES (2, 'tower', '002', '2', 'Title', 'One', 'The second page.', '', 'arieol', 1, 1, 'hash 2', 1000, 2);
INSERT INTO page_versions VALUES ('tower', '001', '1', 'Title', 'One', 'As it was.', '', 'arieol', 0, 1, 'hash 0', 900);
INSERT INTO page_versions VALUES ('tower', '003', '3', 'Title', 'One', 'A page that went.', '', 'arieol', 2, 1, 'hash 3', 900);
INSERT INTO passages VALUES (1, 0, 0, 15, 'The first page.'), (2, 0, 0, 16, 'The second page.');
INSERT INTO page_vectors VALUES (1, 0, 'm', 1, x'0000803F');
UPDATE watermark SET seq = 3;
)sql";

class FormThreeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto db = sqlite::Connection::open((folder_.path() / "pages.db").string(), sqlite::Access::read_write).value();
    sqlite::migrate(*db, sqlite::page_migrations().first(3)).value();
    const auto filled = db->run_script(kPages);
    ASSERT_TRUE(filled) << filled.error().message;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(FormThreeTest, a_book_goes_on_and_its_pages_can_be_edited) {
  const auto pages = SqlitePageStore::open(folder_.path()).value();
  EXPECT_EQ(value_of(pages->last_change()), 3);
  EXPECT_EQ(value_of(pages->changes_after(0, 10)).size(), 2U);
  const auto content = value_of(pages->find_content("tower", "001", "m"));
  ASSERT_TRUE(content);
  ASSERT_EQ(content->vectors.size(), 1U);
  EXPECT_EQ(content->vectors[0].page_version, 2) << "a vector is that of the text that its page has";

  EXPECT_EQ(value_of(pages->put_page(sample_page("001", -1, "A"), 2)).page.version, 3);
  EXPECT_EQ(value_of(pages->find_page_version("tower", "001", 1))->text, "As it was.");
  EXPECT_EQ(value_of(pages->put_page(sample_page("", -1, "B"), std::nullopt)).page.id, "004") << "003 was once";
  EXPECT_EQ(value_of(pages->last_change()), 5);
  value_of(pages->check_integrity());
}

TEST_F(FormThreeTest, nothing_of_it_counts_as_written_by_hand) {
  const auto pages = SqlitePageStore::open(folder_.path()).value();
  const auto changes = value_of(pages->sync_pages({sample_page("001", 0, "a")}));
  EXPECT_EQ(changes.kept, 0);
  EXPECT_EQ(changes.changed, 1);
  EXPECT_EQ(changes.removed, 1);
}

}  // namespace
}  // namespace gibsey::store
