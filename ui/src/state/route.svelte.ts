// Which screen is shown, as the address says: every screen can be linked to, and the browser's back goes back.

const screens = ['board', 'submit', 'job', 'compare', 'history', 'models', 'system', 'settings'] as const;
export type Screen = (typeof screens)[number];

export interface Place {
  readonly screen: Screen;
  /** Behind the screen's name: the job, or the two that are compared. */
  readonly ids: readonly string[];
  /** Behind a question mark, such as the moment of a video. */
  readonly query: URLSearchParams;
}

/** The part of the window that is used. */
export interface AddressBar {
  readonly location: { hash: string };
  addEventListener(name: 'hashchange', hear: () => void): void;
}

export class Route {
  #place: Place = $state.raw({ screen: 'board', ids: [], query: new URLSearchParams() });
  readonly #bar: AddressBar;

  constructor(bar: AddressBar) {
    this.#bar = bar;
    this.#place = placeOf(bar.location.hash);
    bar.addEventListener('hashchange', () => (this.#place = placeOf(bar.location.hash)));
  }

  get place(): Place {
    return this.#place;
  }

  go(href: string): void {
    this.#bar.location.hash = href;
  }
}

/** `#/job/<id>?t=3`. */
export function hrefTo(screen: Screen, ids: readonly string[] = [], query: Record<string, string> = {}): string {
  const asked = new URLSearchParams(query).toString();
  return `#/${[screen, ...ids.map(encodeURIComponent)].join('/')}${asked === '' ? '' : `?${asked}`}`;
}

/** Of an address that leads nowhere: the board. */
function placeOf(hash: string): Place {
  const [path = '', asked = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name = '', ...ids] = path.split('/');
  const screen = screens.find((known) => known === name) ?? 'board';
  return { screen, ids: ids.map(decoded), query: new URLSearchParams(asked) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // not written by this screen; nothing is known by such an id
  }
}
