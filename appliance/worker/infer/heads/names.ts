// The families by the names that a labels file may give.

export const headNames = [
  'yolov8',
  'yolov5',
  'yolov6',
  'end-to-end',
  'yolox',
  'rt-detr',
  'yolo-nas',
  'yolov7-nms',
] as const;
export type HeadName = (typeof headNames)[number];
