#include "ingest/world_folder.hpp"

#include "ingest/character_ids.hpp"
#include "ingest/importer.hpp"
#include "retrieval/chunks.hpp"
#include "retrieval/sentences.hpp"
#include "retrieval/testing/run.hpp"
#include "retrieval/testing/word_embedder.hpp"
#include "retrieval/words.hpp"
#include "store/memory/page_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <set>

namespace gibsey::ingest {
namespace {

namespace fs = std::filesystem;
using testing::run;

/// A world folder that is gone with the test.
class WorldFolder {
 public:
  WorldFolder()
      : path_(fs::temp_directory_path() /
              ("gibsey-world-test-" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()))) {
    write("world.toml", "title = \"T\"\n");
  }
  ~WorldFolder() { fs::remove_all(path_); }
  WorldFolder(const WorldFolder&) = delete;
  WorldFolder& operator=(const WorldFolder&) = delete;

  void write(const fs::path& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  /// One character, "ada", with these lines behind its own.
  [[nodiscard]] Result<std::vector<model::Character>> read_with(const std::string& lines) const {
    write("characters/ada.toml", "system_prompt = \"You are Ada.\"\n" + lines);
    return read_character_files(path_, "w");
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(WorldFolder, AWorldMayChooseHowLongRepliesAre) {
  const WorldFolder folder;
  model::World world{.name = "w"};
  ASSERT_TRUE(read_world_toml(folder.path(), world));
  EXPECT_EQ(world.max_tokens, 0);
  folder.write("world.toml", "title = \"T\"\nmax_tokens = 300\n");
  ASSERT_TRUE(read_world_toml(folder.path(), world));
  EXPECT_EQ(world.max_tokens, 300);
  for (const std::string wrong : {"-1", "2.5", "\"many\"", "1000001"}) {
    folder.write("world.toml", "max_tokens = " + wrong + "\n");
    const auto read = read_world_toml(folder.path(), world);
    ASSERT_FALSE(read) << wrong;
    EXPECT_NE(read.error().message.find("max_tokens must be a whole number of 0 or more"), std::string::npos)
        << read.error().message;
  }
}

TEST(WorldFolder, APersonalityIsRead) {
  const WorldFolder folder;
  const auto characters = folder.read_with(R"(
[personality]
summary = """
Ada is Ada.
"""
[personality.vocabulary]
signature_phrases = ["one", "two"]
distinctive_terms = ["three"]
sound_descriptions = ["four"]
[personality.tone]
teaching_style = "five"
energy = "six"
formality = "seven"
descriptors = ["eight", "nine"]
[personality.style_markers]
explanation_approach = "ten"
uses_analogies = true
audience_engagement = "eleven"
sound_words = ["twelve"]
self_references = "thirteen"
pacing = "fourteen"
)");
  ASSERT_TRUE(characters) << characters.error().message;
  ASSERT_TRUE(characters->front().personality);
  const model::PersonalityProfile& profile = *characters->front().personality;
  EXPECT_EQ(profile.summary, "Ada is Ada.");
  EXPECT_EQ(profile.signature_phrases, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(profile.distinctive_terms, std::vector<std::string>{"three"});
  EXPECT_EQ(profile.sound_descriptions, std::vector<std::string>{"four"});
  EXPECT_EQ(profile.teaching_style, "five");
  EXPECT_EQ(profile.energy, "six");
  EXPECT_EQ(profile.formality, "seven");
  EXPECT_EQ(profile.descriptors, (std::vector<std::string>{"eight", "nine"}));
  EXPECT_EQ(profile.explanation_approach, "ten");
  EXPECT_TRUE(profile.uses_analogies);
  EXPECT_EQ(profile.audience_engagement, "eleven");
  EXPECT_EQ(profile.sound_words, std::vector<std::string>{"twelve"});
  EXPECT_EQ(profile.self_references, "thirteen");
  EXPECT_EQ(profile.pacing, "fourteen");
}

TEST(WorldFolder, APersonalityMayBePartialOrAbsent) {
  const WorldFolder folder;
  EXPECT_FALSE(folder.read_with("")->front().personality);
  const auto partial = folder.read_with("[personality]\nsummary = \"S\"\n");
  ASSERT_TRUE(partial && partial->front().personality);
  EXPECT_EQ(partial->front().personality->energy, "moderate");
  EXPECT_EQ(partial->front().personality->formality, "conversational");
  EXPECT_TRUE(partial->front().personality->signature_phrases.empty());
}

TEST(WorldFolder, AWrongFieldOfAPersonalityIsNamed) {
  const WorldFolder folder;
  const std::pair<const char*, const char*> table[] = {
      {"personality = \"warm\"\n", "ada.toml: personality must be a table"},
      {"[personality]\nsummary = 3\n", "ada.toml [personality]: summary must be text"},
      {"[personality]\nvocabulary = [\"x\"]\n", "ada.toml [personality]: vocabulary must be a table"},
      {"[personality.vocabulary]\nsignature_phrases = \"x\"\n",
       "ada.toml [personality.vocabulary]: signature_phrases must be a list of texts"},
      {"[personality.vocabulary]\ndistinctive_terms = [1]\n",
       "ada.toml [personality.vocabulary]: distinctive_terms must be a list of texts"},
      {"[personality.tone]\nenergy = true\n", "ada.toml [personality.tone]: energy must be text"},
      {"[personality.style_markers]\nuses_analogies = \"yes\"\n",
       "ada.toml [personality.style_markers]: uses_analogies must be true or false"},
      {"[personality.style_markers]\npacing = []\n", "ada.toml [personality.style_markers]: pacing must be text"}};
  for (const auto& [lines, message] : table) {
    const auto characters = folder.read_with(lines);
    ASSERT_FALSE(characters) << lines;
    EXPECT_EQ(characters.error().code, ErrorCode::invalid_argument) << lines;
    EXPECT_NE(characters.error().message.find(message), std::string::npos) << characters.error().message;
  }
}

TEST(WorldFolder, TemplatesForLargeAndTinyModels) {
  const WorldFolder folder;
  model::World world;
  ASSERT_TRUE(read_world_toml(folder.path(), world));
  EXPECT_EQ(world.prompt_template + world.small_prompt_template, "");
  folder.write("templates/prompt.j2", "large");
  folder.write("templates/prompt.small.j2", "tiny");
  ASSERT_TRUE(read_world_toml(folder.path(), world));
  EXPECT_EQ(world.prompt_template, "large");
  EXPECT_EQ(world.small_prompt_template, "tiny");
}

int words(const std::string& text) {
  return retrieval::count_words(retrieval::to_code_points(text));
}

Book bundled(const std::string& name) {
  auto book = read_book(name, {fs::path(GIBSEY_SOURCE_DIR) / "worlds" / name});
  EXPECT_TRUE(book) << book.error().message;
  return book ? *std::move(book) : Book{};
}

void expect_sound(const model::Character& character) {
  EXPECT_LE(words(character.system_prompt), 110) << character.id;
  EXPECT_FALSE(character.greeting.empty() || character.blurb.empty() || character.tone.empty()) << character.id;
  EXPECT_GE(character.samples.size(), 2U) << character.id;
  EXPECT_GE(character.lead_ins.size(), 3U) << character.id;
  EXPECT_GE(character.unknown.size(), 2U) << character.id;
  for (const auto& sample : character.samples) EXPECT_LE(words(sample.reply), 45) << character.id;
}

void expect_full(const model::Character& creator) {
  ASSERT_TRUE(creator.personality) << creator.id;
  const model::PersonalityProfile& profile = *creator.personality;
  EXPECT_GE(profile.signature_phrases.size(), 5U) << creator.id;
  EXPECT_LE(profile.signature_phrases.size(), 8U) << creator.id;
  for (const auto* list : {&profile.distinctive_terms, &profile.sound_descriptions, &profile.descriptors, &profile.sound_words}) {
    EXPECT_FALSE(list->empty()) << creator.id;
  }
  for (const auto* text : {&profile.teaching_style, &profile.energy, &profile.formality, &profile.explanation_approach,
                           &profile.audience_engagement, &profile.self_references, &profile.pacing, &profile.summary}) {
    EXPECT_FALSE(text->empty()) << creator.id;
  }
}

TEST(Chrysopedia, ThreeCreatorsAndTheirPages) {
  const Book book = bundled("chrysopedia");
  ASSERT_EQ(book.characters.size(), 3U);
  for (const auto& creator : book.characters) {
    expect_sound(creator);
    expect_full(creator);
  }
  expect_sound(book.world.narrator);
  EXPECT_GE(book.pages.size(), 24U);
  std::map<std::string, int> by_voice;
  std::set<std::string> topics;
  for (const auto& [page, passages, quotes] : book.pages) {
    EXPECT_GE(words(page.text), 150) << page.id;
    EXPECT_LE(words(page.text), 350) << page.id;
    EXPECT_FALSE(retrieval::cut_page(page, "en").quotes.empty()) << page.id;
    ++by_voice[page.voice];
    topics.insert(page.chapter);
  }
  EXPECT_GE(topics.size(), 5U);
  ASSERT_EQ(by_voice.size(), 3U);
  for (const auto& [voice, count] : by_voice) {
    EXPECT_NE(std::ranges::find(book.characters, voice, &model::Character::id), book.characters.end()) << voice;
    EXPECT_GE(count, 8) << voice;
  }
}

TEST(Chrysopedia, ASignaturePhraseIsOneThatTheCreatorUses) {
  const Book book = bundled("chrysopedia");
  for (const auto& creator : book.characters) {
    ASSERT_TRUE(creator.personality);
    std::string said;
    for (const auto& content : book.pages) {
      if (content.page.voice == creator.id) said += content.page.text + "\n";
    }
    for (const auto& sample : creator.samples) said += sample.reply + "\n";
    std::ranges::transform(said, said.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (std::string phrase : creator.personality->signature_phrases) {
      std::ranges::transform(phrase, phrase.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      EXPECT_NE(said.find(phrase), std::string::npos) << creator.id << ": " << phrase;
    }
  }
}

TEST(Sarah, IsAPersonaWithoutABook) {
  Book book = bundled("sarah");
  EXPECT_TRUE(book.pages.empty());
  ASSERT_EQ(book.characters.size(), 1U);
  EXPECT_EQ(book.characters[0].id, "sarah");
  EXPECT_EQ(book.characters[0].aliases, std::vector<std::string>{"default"});
  EXPECT_EQ(book.world.prompt_template, "{{ user_text }}\n");
  expect_sound(book.characters[0]);
  expect_sound(book.world.narrator);
}

TEST(Sarah, IsImportedAsOftenAsTheProgramStarts) {
  store::MemoryPageStore store;
  testing::WordEmbedder embedder;
  for (int start = 0; start < 2; ++start) {
    const auto report = run(import_book(bundled("sarah"), IfExists::replace, store, store, &embedder, {}));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->passages + report->embedded, 0U);
  }
  EXPECT_EQ(*run(store.count_pages("sarah")), 0);
  EXPECT_EQ(run(store.find_character("", "default")).value()->id, "sarah");
}

TEST(ImportBook, AFolderThatLostItsTextTakesNoStoredBookWithIt) {
  store::MemoryPageStore store;
  Book book = bundled("sarah");
  model::PageContent content;
  content.page.id = "1";
  content.page.text = "A page of hers, after all.";
  book.pages.push_back(content);
  ASSERT_TRUE(run(import_book(book, IfExists::replace, store, store, nullptr, {})));
  const auto lost = run(import_book(bundled("sarah"), IfExists::replace, store, store, nullptr, {}));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_EQ(*run(store.count_pages("sarah")), 1);
}

}  // namespace
}  // namespace gibsey::ingest
