import type { ReactElement } from 'react';

export interface SiblingArrowsProps {
  /** From 0. */
  index: number;
  count: number;
  onShow: (index: number) => void;
}

/** "2 / 3", with a way to the answer before and the one after. */
export function SiblingArrows({ index, count, onShow }: SiblingArrowsProps): ReactElement {
  const arrow = (to: number, sign: string, label: string) => {
    const there = to >= 0 && to < count;
    // Not `disabled`: the arrow that brought the reader to the end must keep the focus.
    return (
      <button type="button" className="arrow" aria-label={label} aria-disabled={!there} onClick={() => there && onShow(to)}>
        <span aria-hidden="true">{sign}</span>
      </button>
    );
  };
  return (
    <div className="siblings" role="group" aria-label="Answers to this question">
      {arrow(index - 1, '‹', 'The answer before')}
      <span className="siblings-place" role="status">
        <span className="unseen">Answer </span>
        {index + 1} / {count}
      </span>
      {arrow(index + 1, '›', 'The next answer')}
    </div>
  );
}
