// localStorage and sessionStorage, which a browser may refuse or fill up: then the page works from memory.

export interface TextStore {
  get(key: string): string | null;
  /** False when the browser would not keep it. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(): string[];
}

function openStore(pick: () => Storage): TextStore {
  const memory = new Map<string, string>();
  const guarded = <T>(act: (storage: Storage) => T, otherwise: () => T): T => {
    try {
      return act(pick());
    } catch {
      return otherwise();
    }
  };
  return {
    get: (key) => memory.get(key) ?? guarded((storage) => storage.getItem(key), () => null),
    set(key, value) {
      const kept = guarded((storage) => (storage.setItem(key, value), true), () => false);
      if (kept) memory.delete(key);
      else memory.set(key, value);
      return kept;
    },
    remove(key) {
      memory.delete(key);
      guarded((storage) => storage.removeItem(key), () => undefined);
    },
    keys: () => [...new Set([...memory.keys(), ...guarded((storage) => Object.keys(storage), () => [])])],
  };
}

/** A part of a store that belongs to one owner. */
export function scoped(store: TextStore, prefix: string): TextStore {
  return {
    get: (key) => store.get(prefix + key),
    set: (key, value) => store.set(prefix + key, value),
    remove: (key) => store.remove(prefix + key),
    keys: () => store.keys().flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : [])),
  };
}

export const longStore = openStore(() => window.localStorage);
export const tabStore = openStore(() => window.sessionStorage);

/** 128 random bits in hex. crypto.randomUUID is missing on plain http addresses other than loopback. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The reader's id where nobody signs in, made at the first visit. */
export function readerId(): string {
  const known = longStore.get('gibsey.user_id');
  if (known) return known;
  const made = `reader-${randomId()}`;
  longStore.set('gibsey.user_id', made);
  return made;
}
