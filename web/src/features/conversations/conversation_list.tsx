import { useEffect, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { Door } from '../../components/door';
import { voiceStyle } from '../../components/voice';
import type { Character, Conversation } from '../../lib/api_types';
import { timeOrDay } from '../../lib/when';
import type { PastConversations } from './use_past_conversations';
import './conversations.css';

export interface ConversationListProps {
  past: PastConversations;
  /** The one that is shown, or "". */
  openId: string;
  speakerOf: (conversation: Conversation) => Character;
  onOpen: (conversation: Conversation) => void;
  onNew: () => void;
  onDeleted: (conversationId: string) => void;
}

/** What the reader asked before: to open again, to delete, or to begin anew. */
export function ConversationList(props: ConversationListProps): ReactElement {
  const { past } = props;
  const fresh = useRef<HTMLButtonElement>(null);
  const remove = async (conversation: Conversation) => {
    if (!(await past.remove(conversation.conversation_id))) return;
    props.onDeleted(conversation.conversation_id);
    fresh.current?.focus();
  };
  return (
    <section className="past" aria-labelledby="past-title">
      <div className="past-head">
        <h2 className="past-title" id="past-title">
          Conversations
        </h2>
        <button type="button" className="quiet-button" ref={fresh} onClick={props.onNew}>
          New<span className="unseen"> conversation</span>
        </button>
      </div>
      {past.trouble !== '' && (
        <p className="past-trouble" role="alert">
          {past.trouble}
        </p>
      )}
      {!past.list?.length && past.trouble === '' && (
        <p className="past-none">{past.list ? 'What you ask will be listed here.' : 'Looking for what you asked before…'}</p>
      )}
      <ul className="past-list">
        {past.list?.map((conversation) => (
          <Item
            key={conversation.conversation_id}
            conversation={conversation}
            character={props.speakerOf(conversation)}
            open={conversation.conversation_id === props.openId}
            onOpen={() => props.onOpen(conversation)}
            onDelete={() => remove(conversation)}
          />
        ))}
      </ul>
      {past.more && (
        <button type="button" className="quiet-button" onClick={past.loadMore}>
          Older ones
        </button>
      )}
    </section>
  );
}

interface ItemProps {
  conversation: Conversation;
  character: Character;
  open: boolean;
  onOpen: () => void;
  onDelete: () => Promise<void>;
}

function Item({ conversation, character, open, onOpen, onDelete }: ItemProps): ReactElement {
  const [asking, setAsking] = useState(false);
  const cross = useRef<HTMLButtonElement>(null);
  const keep = () => {
    setAsking(false);
    // The cross is there again after this render, unless the conversation was deleted.
    requestAnimationFrame(() => cross.current?.focus());
  };
  return (
    <li
      className={open ? 'past-item past-item-open voiced' : 'past-item voiced'}
      style={voiceStyle(character.color_hex)}
      data-conversation-id={conversation.conversation_id}
    >
      {asking ? (
        <Confirm conversation={conversation} onKeep={keep} onDelete={() => void onDelete().then(keep)} />
      ) : (
        <>
          <button type="button" className="past-open" aria-current={open || undefined} onClick={onOpen}>
            <span className="past-door">
              <Door id={character.char_id} />
            </span>
            <span className="past-question">{conversation.title}</span>
            <span className="past-when">
              {character.display_name}, <When time={conversation.updated} />
            </span>
          </button>
          <button
            type="button"
            className="past-delete"
            ref={cross}
            aria-label={`Delete the conversation “${conversation.title}”`}
            onClick={() => setAsking(true)}
          >
            <span aria-hidden="true">×</span>
          </button>
        </>
      )}
    </li>
  );
}

function When({ time }: { time: string }): ReactElement {
  return <time dateTime={time}>{timeOrDay(new Date(time), new Date())}</time>;
}

interface ConfirmProps {
  conversation: Conversation;
  onKeep: () => void;
  onDelete: () => void;
}

function Confirm({ conversation, onKeep, onDelete }: ConfirmProps): ReactElement {
  const stay = useRef<HTMLButtonElement>(null);
  useEffect(() => stay.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    // The drawer around it stays open.
    event.preventDefault();
    event.stopPropagation();
    onKeep();
  };
  const id = `delete-${conversation.conversation_id}`;
  return (
    <div className="past-confirm" role="group" aria-labelledby={id} onKeyDown={onKeyDown}>
      <p id={id}>Delete “{conversation.title}” and its replies for good?</p>
      <button type="button" className="button" onClick={onDelete}>
        Delete
      </button>
      <button type="button" className="button" ref={stay} onClick={onKeep}>
        Keep
      </button>
    </div>
  );
}
