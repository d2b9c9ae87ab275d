import { useState } from 'react';
import { useReader } from '../../lib/reader';
import { useStableCallback } from '../../lib/use_stable_callback';

const prefix = 'gibsey.reword.';

export interface Rewordings {
  /** The new words for the question of a turn, by turn_id; a question that is not there is not being reworded. */
  texts: Readonly<Record<string, string>>;
  /** Undefined ends it. */
  set: (turnId: string, text: string | undefined) => void;
}

/** Questions that are being put in other words and are not yet asked; they outlive a reload. */
export function useRewordings(): Rewordings {
  const { tab } = useReader();
  const [texts, setTexts] = useState<Record<string, string>>(() => {
    const keys = tab.keys().filter((key) => key.startsWith(prefix));
    return Object.fromEntries(keys.map((key) => [key.slice(prefix.length), tab.get(key) ?? '']));
  });
  const set = useStableCallback((turnId: string, text: string | undefined) => {
    if (text === undefined) tab.remove(prefix + turnId);
    else tab.set(prefix + turnId, text);
    setTexts(({ [turnId]: _before, ...others }) => (text === undefined ? others : { ...others, [turnId]: text }));
  });
  return { texts, set };
}
