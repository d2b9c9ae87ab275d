#pragma once
#include <string>
#include <string_view>

namespace gibsey::ingest {

/// The words of the inside of a Markdown paragraph: emphasis, code, links, images, HTML tags, entities and escapes resolved.
[[nodiscard]] std::string markdown_inline(std::string_view text);

}  // namespace gibsey::ingest
