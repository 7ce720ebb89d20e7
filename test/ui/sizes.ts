// The displays that the kiosk is made for.
export const sizes = {
  panel: { viewport: { width: 800, height: 480 }, hasTouch: true },
  desk: { viewport: { width: 1280, height: 800 } },
  wall: { viewport: { width: 1920, height: 1080 }, hasTouch: true },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;
