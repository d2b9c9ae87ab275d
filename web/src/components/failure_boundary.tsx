import { Component, type ReactNode } from 'react';
import { Notice } from './notice';

/** A fault of the page itself: said plainly, and the conversation is still in the tab's store. */
export class FailureBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Notice
        title="This page has tripped over its own threshold."
        text="Your conversation is kept in this tab. Load the page again to go on."
        retryLabel="Load again"
        onRetry={() => window.location.reload()}
      />
    );
  }
}
