// Opens a file as the program of form 4 left it.
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
INSERT INTO pages VALUES (1, 'tower', '001', '1', 'Title', 'One', 'The first page.', '', 'arieol', 0, 2, 'hash 1', 1000, 3, 1);
INSERT INTO pages VALUES (2, 'tower', '002', '2', 'Title', 'One', 'The second page.', '', 'arieol', 1, 1, 'hash 2', 1000, 2, 0);
INSERT INTO page_versions VALUES ('tower', '001', '1', 'Title', 'One', 'As it was.', '', 'arieol', 0, 1, 'hash 0', 900);
INSERT INTO page_versions VALUES ('tower', '003', '3', 'Title', 'One', 'A page that went.', '', 'arieol', 2, 1, 'hash 3', 900);
INSERT INTO passages VALUES (1, 0, 0, 15, 'The first page.'), (2, 0, 0, 16, 'The second page.');
INSERT INTO page_vectors VALUES (1, 0, 'm', 1, x'0000803F');
UPDATE watermark SET seq = 3;
)sql";

class FormFourTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto db = sqlite::Connection::open((folder_.path() / "pages.db").string(), sqlite::Access::read_write).value();
    sqlite::migrate(*db, sqlite::page_migrations().first(4)).value();
    const auto filled = db->run_script(kPages);
    ASSERT_TRUE(filled) << filled.error().message;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(FormFourTest, a_book_goes_on_and_can_have_notes) {
  const auto pages = SqlitePageStore::open(folder_.path()).value();
  EXPECT_EQ(value_of(pages->last_change()), 3);
  EXPECT_EQ(value_of(pages->find_page("tower", "001"))->text, "The first page.");
  EXPECT_TRUE(value_of(pages->notes().list_notes("tower", "", 10)).empty());
  EXPECT_EQ(value_of(pages->notes().find_job("nightly")).revision, 0);
  value_of(
      pages->notes().put_note({.world = "tower", .id = "n1", .version = 1, .text = "A note.", .members = {{"001", 0, "h"}}}));
  EXPECT_EQ(value_of(pages->notes().notes_of_page("tower", "001")).size(), 1U);
  EXPECT_EQ(value_of(pages->sync_pages({sample_page("001", 0, "a")})).kept, 1) << "it was edited by hand";
  value_of(pages->check_integrity());
}

}  // namespace
}  // namespace gibsey::store
