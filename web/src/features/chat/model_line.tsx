import type { ReactElement } from 'react';
import type { TurnDone } from '../../lib/api_types';
import { isSmallLocalModel } from './receipt_text';
import './model_line.css';

/** Who really speaks: the model of the last reply, and how to have a bigger one. */
export function ModelLine({ done }: { done: TurnDone | undefined }): ReactElement {
  if (!done || done.model === '') {
    return <p className="model-line">Every quotation is checked against its page before you see it marked.</p>;
  }
  const via = done.provider === '' || done.provider === 'local' ? 'on this machine' : `by ${done.provider}`;
  return (
    <p className="model-line">
      Answered by {done.model}, {via}
      {done.fallback_used && ' (standing in for the first choice)'}.
      {isSmallLocalModel(done) && (
        <>
          {' '}
          A small model answers here. Use a bigger one: <code>gibsey serve --model FILE</code>
        </>
      )}
    </p>
  );
}
