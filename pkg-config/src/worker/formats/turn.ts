/** The image upright, given its EXIF orientation, 1 to 8. */
export function turn(image: ImageData, orientation: number): ImageData {
  if (orientation === 1) return image;
  const { width, height } = image;
  const swapped = orientation > 4;
  const result = swapped
    ? new ImageData(height, width)
    : new ImageData(width, height);
  const { first, right, down } = pathOf(orientation, width, height);
  const from = pixelsOf(image);
  const to = pixelsOf(result);
  for (let y = 0, at = 0; y < result.height; y++) {
    let source = first + y * down;
    for (let x = 0; x < result.width; x++, at++, source += right)
      to[at] = from[source] ?? 0;
  }
  return result;
}

/** Where in the stored image the upright one starts, and what its steps are there. */
function pathOf(orientation: number, width: number, height: number) {
  const last = width * height - 1;
  const [topRight, bottomLeft] = [width - 1, last - (width - 1)];
  switch (orientation) {
    case 2:
      return { first: topRight, right: -1, down: width };
    case 3:
      return { first: last, right: -1, down: -width };
    case 4:
      return { first: bottomLeft, right: 1, down: -width };
    case 5:
      return { first: 0, right: width, down: 1 };
    case 6:
      return { first: bottomLeft, right: -width, down: 1 };
    case 7:
      return { first: last, right: -width, down: -1 };
    case 8:
      return { first: topRight, right: width, down: -1 };
    default:
      return { first: 0, right: 1, down: width };
  }
}

/** Four bytes at once. */
function pixelsOf({ data }: ImageData): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
}
