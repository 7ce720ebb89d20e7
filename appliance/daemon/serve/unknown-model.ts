// A request names a model that is not there: what it asks for is at fault, not the address that it was sent to.
import { Fault } from '../../contract/fault.ts';

export class UnknownModel extends Fault {
  constructor(message: string, options?: ErrorOptions) {
    super('model-not-found', message, options);
  }
}
