import { useCallback, useEffect, useState } from 'react';
import { loadPage } from '../../lib/api';
import type { Page } from '../../lib/api_types';

export type LoadedPage =
  | { state: 'loading' }
  | { state: 'ready'; page: Page }
  | { state: 'failed'; message: string };

/** Loads the page anew at each opening: it may have been edited since. */
export function usePage(pageId: string, world: string): { loaded: LoadedPage; reload: () => void } {
  const [loaded, setLoaded] = useState<LoadedPage>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    setLoaded({ state: 'loading' });
    loadPage(pageId, world, controller.signal).then(
      (page) => setLoaded({ state: 'ready', page }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setLoaded({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => controller.abort();
  }, [pageId, world, attempt]);

  return { loaded, reload: useCallback(() => setAttempt((count) => count + 1), []) };
}
