import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { Turn } from './turn';

/** How near the end counts as at the end, in pixels. */
const nearPx = 80;

export interface FollowedEnd {
  box: RefObject<HTMLElement | null>;
  /** The reader has scrolled away from the end. */
  away: boolean;
  onScroll: () => void;
  /** Goes to the end and stays with it. */
  follow: () => void;
}

/** Keeps the newest words in view, unless the reader has scrolled up to read. */
export function useFollowedEnd(conversation: string, last: Turn | undefined): FollowedEnd {
  const box = useRef<HTMLElement>(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);

  const toEnd = useCallback(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, []);
  const follow = useCallback(() => {
    following.current = true;
    setAway(false);
    toEnd();
  }, [toEnd]);
  const onScroll = useCallback(() => {
    const area = box.current;
    if (!area) return;
    following.current = area.scrollHeight - area.scrollTop - area.clientHeight < nearPx;
    setAway(!following.current);
  }, []);

  useLayoutEffect(() => {
    following.current = true;
    // An empty conversation is read from its top.
    if (last) follow();
    else if (box.current) box.current.scrollTop = 0;
    // Only another conversation starts anew.
  }, [conversation]);
  useLayoutEffect(() => {
    if (following.current && last) toEnd();
  }, [last, toEnd]);
  return { box, away, onScroll, follow };
}
