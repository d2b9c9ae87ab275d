import { useCallback, useEffect, useState } from 'react';
import { listCharacters } from '../../lib/api';
import type { Character } from '../../lib/api_types';

export type Cast =
  | { state: 'loading' }
  | { state: 'ready'; characters: Character[] }
  | { state: 'failed'; message: string };

export function useCharacters(): { cast: Cast; reload: () => void } {
  const [cast, setCast] = useState<Cast>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    listCharacters(controller.signal).then(
      (characters) => setCast({ state: 'ready', characters }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setCast({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => controller.abort();
  }, [attempt]);

  const reload = useCallback(() => {
    setCast({ state: 'loading' });
    setAttempt((count) => count + 1);
  }, []);
  return { cast, reload };
}
