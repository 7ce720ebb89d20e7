// The screen's own icons, drawn with one stroke width on a grid of 24.
export const icons = {
  back: 'M15 5l-7 7 7 7',
  camera: 'M4 7.500h4l1.500-2.500h5l1.500 2.500h4v11H4ZM15.500 13a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0Z',
  check: 'M4.5 12.5 10 18 19.5 7',
  close: 'M6 6l12 12M18 6 6 18',
  compare: 'M4 6h7v12H4ZM13 6h7v12h-7Z',
  down: 'M12 5v14M6 13l6 6 6-6',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  forward: 'M9 5l7 7-7 7',
  first: 'M12 20V8M6 14l6-6 6 6M5 4h14',
  flow: 'M3.500 9h5v6h-5ZM15.500 9h5v6h-5ZM8.500 12h7',
  folder: 'M3.5 6.5h6l2 2.500h9v10h-17Z',
  earlier: 'M18.500 6l-6 6 6 6M11.500 6l-6 6 6 6',
  expand: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  frame: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 9h6v6H9Z',
  funnel: 'M4 5h16l-6.200 7.500v6.500l-3.600-2v-4.500Z',
  gear: 'M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.100 2.100M16.300 16.300l2.100 2.100M5.600 18.400l2.100-2.100M16.300 7.700l2.100-2.100',
  grip: 'M9 6v.1M15 6v.1M9 12v.1M15 12v.1M9 18v.1M15 18v.1',
  hidden:
    'M4 4l16 16M9 6.200C10 5.700 11 5.500 12 5.500 18 5.500 21.500 12 21.500 12S20.400 14 18.500 15.700M6 7.800C3.700 9.500 2.500 12 2.500 12S6 18.500 12 18.500c1.200 0 2.300-.3 3.300-.7',
  history: 'M4 5v5h5M4.500 10a8 8 0 1 1-.4 4M12 8v4.500l3 1.800',
  image: 'M4 5h16v14H4ZM4 16l5-5 4 4 2.500-2.500L20 17M15.500 9v.1',
  later: 'M5.500 6l6 6-6 6M12.500 6l6 6-6 6',
  layers: 'M12 4 3 9l9 5 9-5-9-5ZM3.5 14 12 18.8 20.5 14',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1',
  minus: 'M5 12h14',
  muted: 'M4 9.500h3.500L12 6v12l-4.500-3.500H4ZM16 9.500l5 5M21 9.500l-5 5',
  next: 'M6 5l9 7-9 7ZM18.500 5v14',
  pause: 'M9 6v12M15 6v12',
  phone: 'M8 3h8v18H8ZM11 18h2',
  play: 'M7 4.500v15l12-7.500Z',
  plus: 'M12 5v14M5 12h14',
  previous: 'M18 5l-9 7 9 7ZM5.500 5v14',
  pulse: 'M3 12h4l2.500-6 4.500 12 2.500-6H21',
  queue: 'M12 7.5V12l3 2M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z',
  retry: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5',
  search: 'M17 10.500a6.500 6.500 0 1 1-13 0 6.500 6.500 0 0 1 13 0ZM15.300 15.300 20.500 20.500',
  share: 'M12 15V4M8 7.500 12 4l4 3.500M6 11v9h12v-9',
  shrink: 'M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5',
  sound: 'M4 9.500h3.500L12 6v12l-4.500-3.500H4ZM15.500 9.500a4 4 0 0 1 0 5M18 7a7.500 7.500 0 0 1 0 10',
  stop: 'M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0ZM6.5 6.5l11 11',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5',
  unfold: 'M5 9l7 7 7-7',
  up: 'M12 19V5M6 11l6-6 6 6',
  warning: 'M12 4 21 19.5H3L12 4ZM12 10v4.5M12 17v.2',
  watch:
    'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM14.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z',
} as const;

export type IconName = keyof typeof icons;

/** Those that point somewhere along the line of writing: they turn round where it runs from right to left. */
export const turning: ReadonlySet<IconName> = new Set(['back', 'forward']);
