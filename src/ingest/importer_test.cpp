#include "ingest/importer.hpp"

#include "ingest/character_ids.hpp"
#include "ingest/character_profiles.hpp"
#include "ingest/world_folder.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/shared_data.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "retrieval/words.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;
using testing::run;

/// A folder that is gone with the test.
class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("gibsey-ingest-test-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path write(const fs::path& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr const char* kPages = R"([
 {"id":"001","symbolId":"old-natalie","title":"One","color":"#7A3CFF","pageIndex":1,"section":1,"filename":"001-one.md"},
 {"id":"002","symbolId":"arieol-owlist","title":"Two","color":"#99CCFF","pageIndex":2,"section":"Part One","chapter":"Chapter 2","filename":"002-two.md"},
 {"id":"003","symbolId":"todd-fishbone","title":"Three","color":"#FF7744","pageIndex":3,"section":"Part One","filename":"003-three.md"}])";

constexpr const char* kProfiles = R"({"characters":{
 "old-natalie-weissman":{"name":"Old Natalie Weissman","symbol_id":"old-natalie","color":"#FFFFFF",
  "personality_traits":["Depressive and contemplative","Thinks about death and aging","CHAPTER 6 REVELATIONS:","Represents memory"],
  "voice_patterns":{"tone":"Melancholic, clinical","key_phrases":["the \"original\" Natalie Weissman","processing and reprocessing everything that was ever done to me",
  "I was the first, and I am still the first, whatever they may have told you since"]}},
 "new-natalie-weissman":{"name":"New Natalie Weissman","symbol_id":"new-natalie","personality_traits":["Cloned version of Old Natalie"]},
 "arieol-owlist":{"name":"Arieol Owlist","symbol_id":"arieol-owlist","personality_traits":{"core":["Can pause time"]}}}})";

void write_author_folder(const Folder& folder) {
  folder.write("pages.json", kPages);
  folder.write("pages/001-one.md", "I was *the first*. I remember it well enough.\n");
  folder.write("pages/002-two.md", "Arieol changes shape. She was an umbrella once.");
  folder.write("003-three.md", "Todd reads the same line again and again.");
  folder.write("character_profiles.json", kProfiles);
  folder.write("characters/todd-fishbone.md",
               "# Todd\n\n1. Every Door Is Already Ajar\n\nTouch-Point. “There are no closed doors. All shall be "
               "revealed.”\n\nTone\n\nBreathless, speculative. More.\n");
}

TEST(AuthorFolder, PagesVoicesAndCharacters) {
  const Folder folder;
  write_author_folder(folder);
  const auto book = read_book("entrance-way", {folder.path()});
  ASSERT_TRUE(book) << book.error().message;
  ASSERT_EQ(book->pages.size(), 3U);
  const model::Page& first = book->pages[0].page;
  EXPECT_EQ(first.id, "001");
  EXPECT_EQ(first.label, "1");
  EXPECT_EQ(first.chapter, "1");
  EXPECT_EQ(first.voice, "old-natalie-weissman");
  EXPECT_EQ(first.text, "I was the first. I remember it well enough.");
  EXPECT_EQ(first.source, "I was *the first*. I remember it well enough.\n");
  EXPECT_EQ(book->pages[1].page.chapter, "Chapter 2");
  EXPECT_EQ(book->pages[1].page.source, "");
  EXPECT_EQ(book->pages[2].page.chapter, "Part One");
  ASSERT_EQ(book->characters.size(), 4U);
  EXPECT_EQ(resolve_voice(book->characters, "old-natalie"), "old-natalie-weissman");
  EXPECT_EQ(resolve_voice(book->characters, "new-natalie"), "new-natalie-weissman");
  EXPECT_EQ(resolve_voice(book->characters, "arieol"), "arieol-owlist");
  EXPECT_EQ(resolve_voice(book->characters, "todd"), "todd-fishbone");
  const auto natalie = std::ranges::find(book->characters, "old-natalie-weissman", &model::Character::id);
  EXPECT_EQ(natalie->color_hex, "#7A3CFF") << "the colour of the pages goes before the profile's";
  EXPECT_EQ(natalie->tone, "melancholic, clinical");
  EXPECT_EQ(natalie->system_prompt,
            "You are Old Natalie Weissman. You are depressive and contemplative. You think about death and aging. You speak in "
            "this manner: melancholic, clinical.");
  ASSERT_EQ(natalie->samples.size(), 1U);
  EXPECT_FALSE(natalie->samples[0].reply.contains('"'));
  EXPECT_FALSE(natalie->lead_ins.empty());
  EXPECT_FALSE(natalie->unknown.empty());
  const auto todd = std::ranges::find(book->characters, "todd-fishbone", &model::Character::id);
  EXPECT_EQ(todd->tone, "breathless, speculative");
  EXPECT_TRUE(todd->system_prompt.contains("Every Door Is Already Ajar."));
}

TEST(AuthorFolder, ErrorsNameWhatIsWrong) {
  const Folder folder;
  write_author_folder(folder);
  fs::remove(folder.path() / "003-three.md");
  const auto missing = read_book("w", {folder.path()});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_TRUE(missing.error().message.contains("003-three.md"));
  folder.write("pages.json", R"([{"id":"1","color":"blue","filename":"003-three.md"}])");
  EXPECT_TRUE(read_book("w", {folder.path()}).error().message.contains("#RRGGBB"));
  folder.write("pages.json", R"([{"id":"1","filename":"../secret.md"}])");
  EXPECT_EQ(read_book("w", {folder.path()}).error().code, ErrorCode::invalid_argument);
  folder.write("pages.json", "{");
  EXPECT_EQ(read_book("w", {folder.path()}).error().code, ErrorCode::invalid_argument);
}

TEST(TraitAsSentence, ByTable) {
  const std::pair<const char*, const char*> table[] = {
      {"Drinks scotch with melting ice as 'timer' for thoughts", "You drink scotch with melting ice as 'timer' for thoughts."},
      {"Detective supervisor who assigns cases", "You are a detective supervisor who assigns cases."},
      {"Believes herself to be alive", "You believe yourself to be alive."},
      {"Paranoid about copyright", "You are paranoid about copyright."},
      {"Has vivid nightmares", "You have vivid nightmares."},
      {"Can pause time, conjure objects", "You can pause time, conjure objects."},
      {"Searches desperately for Glyph", "You search desperately for Glyph."},
      {"Senior Director at A.D.D. (Agency)", "You are a senior Director at A.D.D."},
      {"EXPLOSIVE CHAPTER 5 REVELATIONS:", ""},
      {"Represents institutional hierarchy", ""},
      {"", ""}};
  for (const auto& [trait, sentence] : table) EXPECT_EQ(trait_as_sentence(trait), sentence) << trait;
}

TEST(WorldFolder, TomlIsReadAndChecked) {
  const Folder folder;
  folder.write("world.toml",
               "title = \"T\"\nauthor = \"A\"\nlanguage = \"en\"\n[costs]\ncharacter = 7\n[prompt]\nmandate = \"M\"\n[narrator]\n"
               "display_name = \"N\"\nsystem_prompt = \"\"\"\nYou are N.\n\"\"\"\n");
  folder.write("templates/prompt.j2", "{{ user_text }}");
  folder.write("characters/a.toml",
               "id = \"sarah\"\naliases = [\"default\"]\nsystem_prompt = \"You are Sarah.\"\ncolor_hex = \"#AABBCC\"\n"
               "[[samples]]\nuser = \"U\"\nreply = \"R\"\n");
  const auto book = read_book("w", {folder.path()});
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->world.title, "T");
  EXPECT_EQ(book->world.character_cost, 7);
  EXPECT_EQ(book->world.narrator_cost, 1);
  EXPECT_EQ(book->world.mandate, "M");
  EXPECT_EQ(book->world.prompt_template, "{{ user_text }}");
  EXPECT_EQ(book->world.narrator.system_prompt, "You are N.");
  ASSERT_EQ(book->characters.size(), 1U);
  EXPECT_EQ(book->characters[0].display_name, "Sarah");
  EXPECT_EQ(book->characters[0].samples[0].reply, "R");
  EXPECT_TRUE(book->pages.empty()) << "a persona without a book";
  folder.write("characters/b.toml", "id = \"default\"\nsystem_prompt = \"x\"");
  EXPECT_TRUE(read_book("w", {folder.path()}).error().message.contains("belongs to another"));
  folder.write("characters/b.toml", "id = \"b\"\nsystem_prompt = \"x\"\ncolor_hex = \"red\"");
  EXPECT_TRUE(read_book("w", {folder.path()}).error().message.contains("#RRGGBB"));
  folder.write("world.toml", "title = \n");
  EXPECT_TRUE(read_book("w", {folder.path()}).error().message.contains("line 1"));
}

TEST(ReadBook, FoldersOfTextAndWrongInput) {
  const Folder folder;
  folder.write("01-first.txt", "The first text has no heading at all.");
  folder.write("02-second.md", "# Second\n\nThe second has one.");
  const auto book = read_book("w", {folder.path()});
  ASSERT_TRUE(book) << book.error().message;
  ASSERT_EQ(book->pages.size(), 2U);
  EXPECT_EQ(book->pages[0].page.chapter, "01 First");
  EXPECT_EQ(book->pages[1].page.chapter, "Second");
  EXPECT_EQ(read_book("w", {folder.path() / "none.txt"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_book("w", {folder.write("x.pdf", "%PDF")}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_book("w", {folder.write("e/empty.txt", " \n")}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(read_book("Bad Name", {folder.path()}).error().code, ErrorCode::invalid_argument);
}

Book small_book(const std::string& second) {
  Book book;
  book.world.name = "w";
  for (const auto& [id, text] : {std::pair<std::string, std::string>("1", "The tower stood by the sea."),
                                 {"2", second},
                                 {"3", "Nobody ever came back down."}}) {
    model::PageContent content;
    content.page.id = id;
    content.page.text = text;
    content.page.order = static_cast<std::int64_t>(book.pages.size());
    book.pages.push_back(content);
  }
  return book;
}

TEST(ImportBook, ChangesOnlyWhatChanged) {
  store::MemoryPageStore store;
  testing::WordEmbedder embedder;
  std::set<std::string> stages;
  const Progress progress = [&](const std::string& stage, std::size_t done, std::size_t total) {
    stages.insert(stage);
    EXPECT_LE(done, total);
  };
  const auto first =
      run(import_book(small_book("The lamp went out at night."), IfExists::fail, store, store, &embedder, progress));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->pages.added, 3);
  EXPECT_EQ(first->embedded, 3U);
  EXPECT_EQ(first->passages, 3U);
  EXPECT_EQ(stages, (std::set<std::string>{"pages", "vectors"}));
  const auto again = run(import_book(small_book("The lamp went out at night."), IfExists::fail, store, store, &embedder, {}));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  const auto same = run(import_book(small_book("The lamp went out at night."), IfExists::update, store, store, &embedder, {}));
  EXPECT_EQ(same->pages.unchanged, 3);
  EXPECT_EQ(same->embedded, 0U);
  const auto edited = run(import_book(small_book("The lamp was lit again."), IfExists::update, store, store, &embedder, {}));
  EXPECT_EQ(edited->pages.changed, 1);
  EXPECT_EQ(edited->pages.unchanged, 2);
  EXPECT_EQ(edited->embedded, 1U);
  EXPECT_EQ(run(store.find_page("w", "2")).value()->version, 2);
  Book shorter = small_book("The lamp was lit again.");
  shorter.pages.pop_back();
  const auto replaced = run(import_book(shorter, IfExists::replace, store, store, nullptr, {}));
  EXPECT_EQ(replaced->pages.removed, 1);
  EXPECT_EQ(*run(store.count_pages("w")), 2);
}

TEST(ImportBook, AStopIsCompletedByTheNextRun) {
  store::MemoryPageStore store;
  testing::WordEmbedder embedder;
  embedder.fail_after = 0;
  const auto stopped = run(import_book(small_book("The lamp went out."), IfExists::fail, store, store, &embedder, {}));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::unavailable);
  EXPECT_EQ(*run(store.count_pages("w")), 3) << "the pages are there already";
  embedder.fail_after = SIZE_MAX;
  EXPECT_EQ(*run(embed_missing("w", store, embedder, {})), 3U);
  EXPECT_EQ(*run(embed_missing("w", store, embedder, {})), 0U);
}

void expect_sound(const Book& book) {
  for (const auto& content : book.pages) {
    const auto cut = retrieval::cut_page(content.page, "en");
    EXPECT_FALSE(cut.quotes.empty()) << content.page.id;
  }
  for (const auto& character : book.characters) {
    const auto words = [](const std::string& text) { return retrieval::count_words(retrieval::to_code_points(text)); };
    EXPECT_LE(words(character.system_prompt), 110) << character.id;
    EXPECT_TRUE(is_color(character.color_hex)) << character.id;
    for (const auto& sample : character.samples) EXPECT_LE(words(sample.reply), 45) << character.id;
  }
}

TEST(BundledWorld, IsSound) {
  const auto book = read_book("entrance-way", {fs::path(GIBSEY_SOURCE_DIR) / "worlds" / "entrance-way"});
  if (!book && book.error().code == ErrorCode::not_found) GTEST_SKIP() << book.error().message;
  ASSERT_TRUE(book) << book.error().message;
  expect_sound(*book);
}

TEST(RealBook, SevenHundredAndTenPagesAndItsEightCharacters) {
  const auto path = testing::shared_data("entrance_way");
  if (!fs::exists(path)) GTEST_SKIP() << "left out: no " << path;
  const auto book = read_book("entrance-way", {path});
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->pages.size(), 710U);
  EXPECT_EQ(book->characters.size(), 17U);
  for (const char* id : {"london-fox", "shamrock-stillman", "todd-fishbone", "princhetta", "new-natalie", "old-natalie",
                         "jack-parlance", "arieol", "new-natalie-weissman", "arieol-owlist"}) {
    EXPECT_NE(std::ranges::find(book->characters, resolve_voice(book->characters, id), &model::Character::id),
              book->characters.end())
        << id;
  }
  expect_sound(*book);
  if (std::getenv("GIBSEY_PRINT_CHARACTERS") != nullptr) {
    for (const auto& character : book->characters) {
      std::printf("%s %s [%s]\n  %s\n  %s\n", character.id.c_str(), character.color_hex.c_str(), character.tone.c_str(),
                  character.blurb.c_str(), character.system_prompt.c_str());
      for (const auto& alias : character.aliases) std::printf("  alias %s\n", alias.c_str());
      for (const auto& sample : character.samples) std::printf("  %s -> %s\n", sample.user.c_str(), sample.reply.c_str());
    }
    for (const auto& note : book->notes) std::printf("note: %s\n", note.c_str());
  }
}

}  // namespace
}  // namespace gibsey::ingest
