// The names of all messages, as English has them: a name that is not there does not compile.
import type board from '../messages/board/en.json';
import type faults from '../messages/faults/en.json';
import type history from '../messages/history/en.json';
import type models from '../messages/models/en.json';
import type result from '../messages/result/en.json';
import type settings from '../messages/settings/en.json';
import type shell from '../messages/shell/en.json';
import type submit from '../messages/submit/en.json';
import type system from '../messages/system/en.json';

interface Areas {
  readonly board: typeof board;
  readonly faults: typeof faults;
  readonly history: typeof history;
  readonly models: typeof models;
  readonly result: typeof result;
  readonly settings: typeof settings;
  readonly shell: typeof shell;
  readonly submit: typeof submit;
  readonly system: typeof system;
}

/** Such as `board.running`. */
export type MessageId = { [A in keyof Areas]: `${A}.${keyof Areas[A] & string}` }[keyof Areas];
