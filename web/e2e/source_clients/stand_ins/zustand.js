// A store of one state, read by selectors.
import { useSyncExternalStore } from 'react';

export function create(define) {
  const listeners = new Set();
  let state;
  const set = (change) => {
    state = { ...state, ...(typeof change === 'function' ? change(state) : change) };
    for (const listener of listeners) listener();
  };
  state = define(set, () => state);
  const subscribe = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  // What a selector made is kept until the state changes: made anew each time, React would draw for ever.
  let kept = { of: null, made: new Map() };
  const read = (select) => {
    if (kept.of !== state) kept = { of: state, made: new Map() };
    if (!kept.made.has(select)) kept.made.set(select, select(state));
    return kept.made.get(select);
  };
  const whole = (all) => all;
  return (select = whole) => useSyncExternalStore(subscribe, () => read(select));
}
