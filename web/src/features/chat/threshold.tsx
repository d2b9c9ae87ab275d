import type { ReactElement } from 'react';
import { DoorWithinDoors } from '../../components/door';
import type { Character } from '../../lib/api_types';
import './threshold.css';

export interface ThresholdProps {
  character: Character;
  suggestions: readonly string[];
  onAsk: (question: string) => void;
}

/** Before the first question: the character at the door, and three ways in. */
export function Threshold({ character, suggestions, onAsk }: ThresholdProps): ReactElement {
  return (
    <div className="threshold">
      <DoorWithinDoors className="threshold-door" />
      <h2 className="threshold-name">{character.display_name}</h2>
      {character.tone !== '' && <p className="threshold-tone">{character.tone}</p>}
      <p className="threshold-greeting">{character.greeting || `${character.display_name} waits for a question.`}</p>
      <ul className="suggestions" aria-label="Questions to begin with">
        {suggestions.map((question) => (
          <li key={question}>
            <button type="button" className="suggestion" onClick={() => onAsk(question)}>
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
