// The part of the addon that Vedette uses; the package brings no types.
declare module 'sd-notify' {
  export function ready(): void;
  export function watchdog(): void;
  export function stopping(): void;
}
