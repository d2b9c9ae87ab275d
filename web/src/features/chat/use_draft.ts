import { useCallback, useState } from 'react';
import { tabStore } from '../../lib/storage';

const keyOf = (charId: string) => `gibsey.draft.${charId}`;

/** What is typed and not yet asked, for each character apart; it outlives a reload. */
export function useDraft(charId: string): [string, (text: string) => void] {
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const draft = drafts[charId] ?? tabStore.get(keyOf(charId)) ?? '';
  const setDraft = useCallback(
    (text: string) => {
      setDrafts((all) => ({ ...all, [charId]: text }));
      if (text === '') tabStore.remove(keyOf(charId));
      else tabStore.set(keyOf(charId), text);
    },
    [charId],
  );
  return [draft, setDraft];
}
