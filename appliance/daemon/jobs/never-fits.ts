// A full disk that no waiting would mend: what is to come is larger than all that could ever be free.
import { Fault } from '../../contract/fault.ts';

export class NeverFits extends Fault {
  constructor(message: string) {
    super('disk-full', message);
  }
}
