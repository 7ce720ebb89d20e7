// Too much is asked for now: the answer says after how long to ask again.
import { Fault } from '../../contract/fault.ts';

export class Busy extends Fault {
  /** For the header `Retry-After`. */
  readonly retryAfterS: number;

  constructor(message: string, retryAfterS: number) {
    super('busy', message);
    this.retryAfterS = retryAfterS;
  }
}
