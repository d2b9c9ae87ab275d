// A note's sentences as they read best: those that follow each other and rest on the same pages share their citation. Pure.

import type { NoteCitation, NoteSentence } from '../../lib/api_types';

export interface NoteRun {
  text: string;
  citations: NoteCitation[];
}

export function noteRuns(sentences: readonly NoteSentence[]): NoteRun[] {
  const runs: NoteRun[] = [];
  for (const { text, citations } of sentences) {
    const last = runs.at(-1);
    if (last && pagesOf(last.citations) === pagesOf(citations)) last.text += ` ${text}`;
    else runs.push({ text, citations });
  }
  return runs;
}

function pagesOf(citations: readonly NoteCitation[]): string {
  return citations.map((citation) => citation.page_id).join('\n');
}
