#include "retrieval/large/large_search.hpp"

#include <map>
#include <string>
#include <utility>

namespace gibsey::retrieval::large {

boost::asio::awaitable<Result<Retrieved>> search(store::PageStore& pages, std::shared_ptr<const LargeBook> book,
                                                 Question question) {
  Ranking ranking = book->rank(question);
  std::map<std::string, std::optional<store::IndexedPage>> read;
  std::vector<const model::PageContent*> contents;
  for (const AskedPage& page : ranking.pages) {
    if (page.content != nullptr) {
      contents.push_back(page.content);
      continue;
    }
    const auto known = read.find(page.id);
    if (known == read.end()) {
      GIBSEY_CO_TRY(read[page.id], co_await pages.find_content(question.query.world, page.id, ""));
    }
    const auto& found = read[page.id];
    // One that was written while this was ranked has other passages by now; the next question knows it.
    contents.push_back(found && found->content.page.version == page.version ? &found->content : nullptr);
  }
  co_return book->quote(question, std::move(ranking), contents);
}

}  // namespace gibsey::retrieval::large
