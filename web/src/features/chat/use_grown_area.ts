import { useLayoutEffect, type RefObject } from 'react';

/** Keeps a text area as tall as its text, up to the limit in the style sheet. */
export function useGrownArea(box: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [text, box]);
}
