// A conversation is a tree: siblings answer a question again, or one put otherwise in its place; a question follows one of them. Pure.

import { isRunning, standsIn, type Turn } from './turn';

/** A turn in its place: after the turn `after` ("" is the first place), one of `siblings`, which are listed oldest first. */
export interface Placed {
  turn: Turn;
  after: string;
  siblings: readonly Turn[];
}

/** The reader's choices among siblings: the key of the turn to show, by the turn_id of the one before ("" for the first). */
export type Choices = Readonly<Record<string, string>>;

/**
 * The way through the tree of one conversation: at each place the chosen sibling, else the one on the way to the newest turn,
 * else the newest. `turns` in the order in which they began; those that the server has not taken are not in the tree, but for one
 * that is being asked in the place of another.
 */
export function pathThrough(turns: readonly Turn[], choices: Choices): Placed[] {
  const tree = turns.filter((turn) => turn.turn_id !== '' || (standsIn(turn) && isRunning(turn)));
  const parents = parentsOf(tree);
  const children = new Map<string, Turn[]>();
  for (const turn of tree) {
    const before = parents.get(turn.key)!;
    children.set(before, [...(children.get(before) ?? []), turn]);
  }
  const newest = wayTo(tree.at(-1), tree, parents);
  const path: Placed[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const siblings: readonly Turn[] | undefined = children.get(after);
    if (!siblings) break;
    const turn = pick(siblings, choices[after], newest);
    path.push({ turn, after, siblings });
    after = turn.turn_id || undefined;
  }
  return path;
}

/** A parent that is not known, or began later, is none: so there is no circle. By key of the turn. */
function parentsOf(tree: readonly Turn[]): Map<string, string> {
  const earlier = new Set<string>();
  const parents = new Map<string, string>();
  for (const turn of tree) {
    parents.set(turn.key, earlier.has(turn.parent_id) ? turn.parent_id : '');
    if (turn.turn_id !== '') earlier.add(turn.turn_id);
  }
  return parents;
}

/** The keys of a turn and of all before it. */
function wayTo(last: Turn | undefined, tree: readonly Turn[], parents: ReadonlyMap<string, string>): Set<string> {
  const byId = new Map(tree.map((turn) => [turn.turn_id, turn]));
  const way = new Set<string>();
  for (let turn = last; turn; turn = byId.get(parents.get(turn.key) || 'none')) way.add(turn.key);
  return way;
}

function pick(siblings: readonly Turn[], chosen: string | undefined, newest: ReadonlySet<string>): Turn {
  return (
    siblings.find((turn) => turn.key === chosen) ??
    siblings.find((turn) => newest.has(turn.key)) ??
    siblings[siblings.length - 1]!
  );
}
