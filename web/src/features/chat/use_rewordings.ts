import { useState } from 'react';
import { useReader } from '../../lib/reader';
import { scoped } from '../../lib/storage';
import { useStableCallback } from '../../lib/use_stable_callback';

export interface Rewordings {
  /** The new words for the question of a turn, by turn_id; a question that is not there is not being reworded. */
  texts: Readonly<Record<string, string>>;
  /** Undefined ends it. */
  set: (turnId: string, text: string | undefined) => void;
}

/** Questions that are being put in other words and are not yet asked; they outlive a reload. */
export function useRewordings(): Rewordings {
  const { tab } = useReader();
  const store = scoped(tab, 'gibsey.reword.');
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(store.keys().map((turnId) => [turnId, store.get(turnId) ?? ''])),
  );
  const set = useStableCallback((turnId: string, text: string | undefined) => {
    if (text === undefined) store.remove(turnId);
    else store.set(turnId, text);
    setTexts(({ [turnId]: _before, ...others }) => (text === undefined ? others : { ...others, [turnId]: text }));
  });
  return { texts, set };
}
