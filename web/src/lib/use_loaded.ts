import { useCallback, useEffect, useState } from 'react';

export type Loaded<T> = { state: 'loading' } | { state: 'ready'; value: T } | { state: 'failed'; message: string };

/** What `load` gives, anew for every other `load` and whenever `reload` is called. `load` rejects with a sentence for the reader. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>): { loaded: Loaded<T>; reload: () => void } {
  const [attempt, setAttempt] = useState({ load });
  const [last, setLast] = useState<{ of: unknown; loaded: Loaded<T> }>();
  // Not what an earlier `load` gave, even for one render.
  if (attempt.load !== load) setAttempt({ load });

  useEffect(() => {
    const controller = new AbortController();
    const settle = (loaded: Loaded<T>) => controller.signal.aborted || setLast({ of: attempt, loaded });
    attempt.load(controller.signal).then(
      (value) => settle({ state: 'ready', value }),
      (error: unknown) => settle({ state: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
    return () => controller.abort();
  }, [attempt]);

  const reload = useCallback(() => setAttempt(({ load }) => ({ load })), []);
  return { loaded: last?.of === attempt ? last.loaded : { state: 'loading' }, reload };
}
