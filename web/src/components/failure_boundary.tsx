import { Component, type ReactNode } from 'react';

/** A fault of the page itself: said plainly, and the conversation is still in the tab's store. */
export class FailureBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className="notice" role="alert">
        <h1>This page has tripped over its own threshold.</h1>
        <p>Your conversation is kept in this tab. Load the page again to go on.</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Load again
        </button>
      </main>
    );
  }
}
