#pragma once
#include "net/service_client.hpp"
#include "retrieval/passage_finder.hpp"

#include <functional>
#include <memory>
#include <string>

namespace gibsey::retrieval {

struct RemoteFinderSettings {
  std::string url;               ///< RAG_URL: the whole address of GET /retrieve
  net::ServiceSettings service;  ///< name and address are filled in
};

/// Lines of a book that another process finds: `GET {RAG_URL}?q=&k=&world=&character=&page=` (contracts section 6). Its answer is
/// our own list of hits, or the bare list of {quote, page_id} that a foreign service gives: what a hit lacks is made up (title
/// and label from page_id, offsets 0, the score from the order). A quote of 40 words or more, an empty one, one that is not
/// UTF-8, and one without a page are left out. Whether the book speaks of the matter is X-Gibsey-Above-Threshold where the answer
/// has it, else that there is a hit. The other service does not know only_character: hits that name another voice are left out
/// then.
class RemoteFinder final : public PassageFinder {
 public:
  /// `known_without_book` says of a world that it has none; it is called from any thread. invalid_argument: no address.
  static Result<std::unique_ptr<RemoteFinder>> create(RemoteFinderSettings settings,
                                                      std::function<bool(const std::string& world)> known_without_book);

  /// unavailable: no answer, or one that is no list of hits; at once while the breaker is open. not_found: the service answers
  /// 404.
  boost::asio::awaitable<Result<Retrieved>> retrieve(Query query) override;
  /// unavailable.
  boost::asio::awaitable<Result<std::optional<QuoteLocation>>> find_quote(std::string world, std::string claim,
                                                                          std::vector<std::string> preferred_pages) override;
  [[nodiscard]] bool can_find_quotes(const std::string& /*world*/) const override { return false; }
  [[nodiscard]] std::shared_ptr<const QuoteFinder> quotes(const std::string& world) const override;
  [[nodiscard]] bool has_book(const std::string& world) const override;

  [[nodiscard]] std::optional<Error> refusal() const override { return client_.refusal(); }
  /// For /health.
  [[nodiscard]] net::ServiceState state() const { return client_.state(); }

 private:
  RemoteFinder(RemoteFinderSettings settings, std::function<bool(const std::string&)> known_without_book);

  const std::string url_;
  const std::function<bool(const std::string&)> known_without_book_;
  net::ServiceClient client_;
};

}  // namespace gibsey::retrieval
