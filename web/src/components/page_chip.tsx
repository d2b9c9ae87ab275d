import type { ReactElement } from 'react';
import './page_chip.css';

export interface PageChipProps {
  mark: string;
  title: string;
  onOpen: () => void;
}

/** "p. 12": opens the page that a quote stands on. */
export function PageChip({ mark, title, onOpen }: PageChipProps): ReactElement {
  const spoken = title === '' ? `Open ${mark}` : `Open ${mark}, ${title}`;
  return (
    <button type="button" className="page-chip" aria-label={spoken} title={spoken} onClick={onOpen}>
      {mark}
    </button>
  );
}
