import type { TextStore } from '../src/lib/storage';

/** A browser's store that outlives the page and not the test. */
export function memoryStore(): TextStore {
  const entries = new Map<string, string>();
  return {
    get: (key) => entries.get(key) ?? null,
    set: (key, value) => (entries.set(key, value), true),
    remove: (key) => void entries.delete(key),
    keys: () => [...entries.keys()],
  };
}
