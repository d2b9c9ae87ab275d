import { useEffect, useId, useRef, type ReactElement } from 'react';
import { Door } from '../../components/door';
import { voiceStyle } from '../../components/voice';
import type { Character } from '../../lib/api_types';
import './characters.css';

export interface CharacterPickerProps {
  characters: readonly Character[];
  chosen: Character;
  /** Those whose reply is arriving. */
  speaking: ReadonlySet<string>;
  onChoose: (character: Character) => void;
}

/** The cast: a group of radio buttons, so that arrow keys and screen readers know their way. */
export function CharacterPicker({ characters, chosen, speaking, onChoose }: CharacterPickerProps): ReactElement {
  const worlds = [...new Set(characters.map((character) => character.world))];
  return (
    <fieldset className="cast">
      <legend className="cast-legend">Whom do you ask?</legend>
      {worlds.map((world) => {
        const members = characters.filter((character) => character.world === world);
        return (
          <div className="cast-world" key={world}>
            {worlds.length > 1 && <h2 className="cast-title">{members[0]?.world_title || world}</h2>}
            {members.map((character) => (
              <Card
                key={character.char_id}
                character={character}
                chosen={character === chosen}
                speaking={speaking.has(character.char_id)}
                onChoose={onChoose}
              />
            ))}
          </div>
        );
      })}
    </fieldset>
  );
}

interface CardProps {
  character: Character;
  chosen: boolean;
  speaking: boolean;
  onChoose: (character: Character) => void;
}

function Card({ character, chosen, speaking, onChoose }: CardProps): ReactElement {
  const card = useRef<HTMLLabelElement>(null);
  const blurb = useId();
  useEffect(() => {
    if (chosen) card.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [chosen]);

  return (
    <label
      ref={card}
      className={chosen ? 'card voiced card-chosen' : 'card voiced'}
      style={voiceStyle(character.color_hex)}
      data-char-id={character.char_id}
    >
      <input
        type="radio"
        name="character"
        className="unseen"
        value={character.char_id}
        checked={chosen}
        aria-describedby={blurb}
        onChange={() => onChoose(character)}
      />
      <span className={speaking ? 'card-door card-door-speaking' : 'card-door'}>
        <Door id={character.char_id} />
      </span>
      <span className="card-name">
        {character.display_name}
        {speaking && <span className="unseen"> is answering</span>}
      </span>
      <span className="card-blurb" id={blurb}>
        {character.blurb || character.tone}
      </span>
    </label>
  );
}
