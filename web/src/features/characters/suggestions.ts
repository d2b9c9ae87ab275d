// Questions to begin with, where the world's author gave none: they suit a character of any book.

import type { Character } from '../../lib/api_types';

const forCharacters = [
  'What is it that you are looking for?',
  'What did you see that nobody else saw?',
  'Which place in this book do you know best?',
  'What happened just before we met?',
  'Who here should I not believe?',
  'What frightens you?',
  'Tell me about the door.',
  'What do you remember that you wish you did not?',
  'Which sentence about you is the truest?',
];
const forNarrator = ['How does this book begin?', 'Who are the people in it?', 'Which sentence should I read twice?'];

/** Three questions, the same ones for the same character. */
export function suggestedQuestions(character: Character): string[] {
  if (character.questions.length > 0) return character.questions.slice(0, 3);
  if (character.char_id === '') return forNarrator;
  const start = Array.from(character.char_id).reduce((sum, char) => sum + char.codePointAt(0)!, 0);
  return [0, 4, 7].map((step) => forCharacters[(start + step) % forCharacters.length]!);
}
