import { useCallback, useState } from 'react';
import { useReader } from '../../lib/reader';

const keyOf = (charId: string) => `gibsey.draft.${charId}`;

/** What is typed and not yet asked, for each character apart; it outlives a reload. */
export function useDraft(charId: string): [string, (text: string) => void] {
  const { tab } = useReader();
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const draft = drafts[charId] ?? tab.get(keyOf(charId)) ?? '';
  const setDraft = useCallback(
    (text: string) => {
      setDrafts((all) => ({ ...all, [charId]: text }));
      if (text === '') tab.remove(keyOf(charId));
      else tab.set(keyOf(charId), text);
    },
    [tab, charId],
  );
  return [draft, setDraft];
}
