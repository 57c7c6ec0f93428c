/** Small images made here rather than stored. */
import { crc32, deflateSync } from "node:zlib";

type Colour = readonly number[];

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG (8 bits, RGB or RGBA by the length of what `pixel` gives). https://www.w3.org/TR/png-3/ */
export function png(
  width: number,
  height: number,
  pixel: (x: number, y: number) => Colour,
): Buffer {
  const channels = pixel(0, 0).length;
  const rows = Buffer.alloc(height * (1 + width * channels));
  let at = 0;
  for (let y = 0; y < height; y++) {
    rows[at++] = 0; // no filter
    for (let x = 0; x < width; x++)
      for (const value of pixel(x, y)) rows[at++] = value;
  }
  return Buffer.concat([
    SIGNATURE,
    header(width, height, channels),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A PNG's beginning: it says how large the image would be, and has no pixels. */
export function pngHeader(width: number, height: number): Buffer {
  return Buffer.concat([SIGNATURE, header(width, height, 3)]);
}

function header(width: number, height: number, channels: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data[8] = 8;
  data[9] = channels === 4 ? 6 : 2;
  return chunk("IHDR", data);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A JPEG with an EXIF block that says how it is turned (1 to 8; 3 is upside down). */
export function turnedJpeg(jpeg: Buffer, orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write("MM\0*", 0, "latin1");
  tiff.writeUInt32BE(8, 4); // where the only directory starts
  tiff.writeUInt16BE(1, 8); // its one entry:
  tiff.writeUInt16BE(0x0112, 10); // orientation,
  tiff.writeUInt16BE(3, 12); // a 16-bit number,
  tiff.writeUInt32BE(1, 14); // just one
  tiff.writeUInt16BE(orientation, 18);
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const marker = Buffer.from([0xff, 0xe1, 0, 0]);
  marker.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), marker, body, jpeg.subarray(2)]);
}
