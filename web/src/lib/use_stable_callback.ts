import { useCallback, useLayoutEffect, useRef } from 'react';

/** The same function at every render, doing what the latest one would: for the props of memoised components. */
export function useStableCallback<Arguments extends unknown[], Result>(
  latest: (...args: Arguments) => Result,
): (...args: Arguments) => Result {
  const current = useRef(latest);
  useLayoutEffect(() => {
    current.current = latest;
  });
  return useCallback((...args: Arguments) => current.current(...args), []);
}
