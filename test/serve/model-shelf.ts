// The models that serve is written against, in memory: one in use, one beside it, one that no worker can load.
import { Fault } from '../../appliance/contract/fault.ts';
import type { ModelView } from '../../appliance/contract/model-api.ts';
import type { OptionModels } from '../../appliance/daemon/serve/job-options.ts';
import { everything } from '../support/everything.ts';

export class ModelShelf implements OptionModels {
  readonly #models: readonly ModelView[] = [
    view('demo', ['bottle', 'can', 'drinking glass, small'], true),
    view('pitch', ['player', 'ball']),
    { ...view('torn', []), state: 'unusable', reason: 'it is no ONNX file', card: null },
  ];

  list(): Promise<ModelView[]> {
    return Promise.resolve([...this.#models]);
  }

  seen(name: string): Promise<ModelView> {
    const found = this.#models.find((model) => model.name === name);
    if (found) return Promise.resolve(found);
    return Promise.reject(new Fault('model-not-found', `There is no model ${name}`));
  }
}

function view(name: string, classes: string[], inUse = false): ModelView {
  const size = { inputWidth: 320, inputHeight: 320, stride: 32, threads: 1 };
  const card = {
    name,
    sha256: 'ab'.repeat(32),
    provider: 'cpu' as const,
    input: '',
    layout: '',
    classes,
    task: 'detect',
  };
  return {
    name,
    in_use: inUse,
    state: 'usable',
    reason: null,
    origin: 'folder',
    size_bytes: 1000,
    card: { ...card, ...size },
    settings: everything(),
  };
}
