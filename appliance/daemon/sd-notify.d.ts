// The part of the addon that Vedette uses; the package brings no types.
declare module 'sd-notify' {
  const addon: {
    ready(): void;
    watchdog(): void;
    stopping(): void;
  };
  export default addon; // eslint-disable-line no-restricted-syntax -- it is the package's own form
}
