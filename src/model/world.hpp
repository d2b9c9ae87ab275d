#pragma once
#include "model/character.hpp"

#include <cstdint>
#include <string>

namespace gibsey::model {

/// A book (or a persona without one) and how it wants to be talked with.
struct World {
  std::string name;  ///< kebab case, the folder's name
  std::string title;
  std::string author;
  std::string language = "en";
  std::string licence;
  std::string origin;      ///< "folder": follows a world folder at each start; "ingest": a person put it there, and it stays
  int character_cost = 5;  ///< credits a question to a character, contracts section 0
  int narrator_cost = 1;
  int max_tokens = 0;                 ///< of a reply, where neither question nor dialect says; 0: the program's default
  std::string mandate;                ///< operator's text in front of every persona; empty is neutral
  std::string prompt_template;        ///< Jinja source of templates/prompt.j2; empty means the built-in one
  std::string small_prompt_template;  ///< templates/prompt.small.j2, for tiny models; empty means the built-in one
  Character narrator;                 ///< answers where no character is chosen; its id is ""
};

}  // namespace gibsey::model
