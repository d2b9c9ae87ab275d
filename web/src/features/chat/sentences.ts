// Whole sentences for the screen reader: announced token by token a reply would be noise. Pure.

const sentenceEnd = /[.!?…]+["'”’»)\]]*(?=\s)|\n+/g;

/** The finished sentences of a text that still grows; with `ended`, the rest as well. */
export function finishedSentences(text: string, ended: boolean): string[] {
  const sentences: string[] = [];
  let from = 0;
  for (const match of text.matchAll(sentenceEnd)) {
    const to = match.index + match[0].length;
    sentences.push(text.slice(from, to).trim());
    from = to;
  }
  if (ended) sentences.push(text.slice(from).trim());
  return sentences.filter((sentence) => sentence !== '');
}
