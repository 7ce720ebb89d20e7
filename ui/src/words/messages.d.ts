declare module '@fontsource-variable/*/wght.css';

declare module 'virtual:messages/*' {
  export const messages: Readonly<Record<string, (values: Readonly<Record<string, string | number>>) => string>>;
}
