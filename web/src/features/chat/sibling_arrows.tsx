import type { ReactElement } from 'react';
import './sibling_arrows.css';

export interface SiblingArrowsProps {
  /** From 0. */
  index: number;
  count: number;
  /** What there is more than one of: answers to one question, or versions of it. */
  what: 'answer' | 'version';
  onShow: (index: number) => void;
}

/** "2 / 3", with a way to the one before and the one after. */
export function SiblingArrows({ index, count, what, onShow }: SiblingArrowsProps): ReactElement {
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
    <div className="siblings" role="group" aria-label={what === 'answer' ? 'Answers to this question' : 'Versions of this question'}>
      {arrow(index - 1, '‹', `The ${what} before`)}
      <span className="siblings-place" role="status">
        <span className="unseen">{what === 'answer' ? 'Answer' : 'Version'} </span>
        {index + 1} / {count}
      </span>
      {arrow(index + 1, '›', `The next ${what}`)}
    </div>
  );
}
