import type { ReactElement, ReactNode } from 'react';
import { CloseButton, Dialog } from '../../components/dialog';

/** The list over the page, where there is no room beside it. Escape, the button or a touch beside it closes it. */
export function ConversationDrawer({ onClose, children }: { onClose: () => void; children: ReactNode }): ReactElement {
  return (
    <Dialog className="past-drawer" aria-label="Conversations" closesBeside onClose={onClose}>
      <div className="past-drawer-inside">
        <div className="past-drawer-bar">
          <CloseButton what="the list of conversations" onClose={onClose} />
        </div>
        {children}
      </div>
    </Dialog>
  );
}
