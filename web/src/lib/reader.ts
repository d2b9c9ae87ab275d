import { createContext, useContext } from 'react';
import { longStore, readerId, scoped, tabStore, type TextStore } from './storage';

/** Who reads, and what the browser keeps for this reader alone. */
export interface Reader {
  user_id: string;
  /** False where the server asks nobody to sign in. */
  signed_in: boolean;
  admin: boolean;
  /** When the session ends; null: not by itself. */
  expires: string | null;
  /** Outlives a reload. */
  tab: TextStore;
  /** What a new tab begins with. */
  long: TextStore;
}

/** The one of this browser, where nobody signs in. */
export function openReader(): Reader {
  return { user_id: readerId(), signed_in: false, admin: false, expires: null, tab: tabStore, long: longStore };
}

export function signedInReader(session: { user_id: string; admin: boolean; expires: string | null }): Reader {
  const scope = `${encodeURIComponent(session.user_id)}@`;
  return { ...session, signed_in: true, tab: scoped(tabStore, scope), long: scoped(longStore, scope) };
}

/** Nothing of this reader stays in the browser. */
export function forgetReader(reader: Reader): void {
  for (const store of [reader.tab, reader.long]) for (const key of store.keys()) store.remove(key);
}

export const ReaderContext = createContext<Reader | undefined>(undefined);

export function useReader(): Reader {
  const reader = useContext(ReaderContext);
  if (!reader) throw new Error('No reader is known here.');
  return reader;
}
