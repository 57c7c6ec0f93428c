/**
 * Draws the pictures that the screenshots show: balloons in the sky and boats on the sea. Runs in a
 * page, and takes its randomness from a seed, so that every run draws the same ones.
 * @param {{ subject: "balloons" | "boats", seed: number }} picture
 * @returns {Promise<string>} a JPEG as a data URL
 */
export async function draw({ subject, seed }) {
  const [width, height] = [400, 320];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no 2D canvas");
  let state = seed * 2654435761;
  const random = (low = 0, high = 1) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return low + (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * (high - low);
  };
  const fill = (style, path) => {
    context.fillStyle = style;
    context.beginPath();
    path();
    context.fill();
  };
  const vertical = (top, bottom, from, to) => {
    const gradient = context.createLinearGradient(0, from, 0, to);
    gradient.addColorStop(0, top);
    gradient.addColorStop(1, bottom);
    return gradient;
  };

  const hour = random(190, 225);
  const sky = vertical(
    `hsl(${hour} 70% 62%)`,
    `hsl(${hour - 10} 80% 88%)`,
    0,
    height,
  );
  fill(sky, () => context.rect(0, 0, width, height));
  for (let cloud = 0; cloud < 4; cloud++) {
    const [x, y] = [random(0, width), random(10, height * 0.45)];
    for (let puff = 0; puff < 5; puff++) {
      fill("rgb(255 255 255 / 55%)", () =>
        context.ellipse(
          x + puff * 16,
          y + random(-6, 6),
          random(14, 26),
          random(8, 14),
          0,
          0,
          7,
        ),
      );
    }
  }
  const hue = random(0, 360);

  if (subject === "balloons") {
    const hills = height - random(20, 50);
    fill("hsl(110 30% 42%)", () =>
      context.ellipse(
        random(0, width),
        height + 30,
        width,
        height + 30 - hills,
        0,
        0,
        7,
      ),
    );
    const [x, y, r] = [random(120, 280), random(100, 140), random(55, 80)];
    for (let gore = 3; gore >= 0; gore--) {
      fill(`hsl(${hue + (gore % 2) * 50} 80% ${52 + gore * 4}%)`, () => {
        const half = r * ((gore + 1) / 4);
        context.ellipse(x, y, half, r, 0, 0, 7);
        context.moveTo(x - half * 0.85, y + r * 0.5);
        context.lineTo(x + half * 0.85, y + r * 0.5);
        context.lineTo(x + half * 0.2, y + r * 1.35);
        context.lineTo(x - half * 0.2, y + r * 1.35);
      });
    }
    const basket = r * 0.3;
    fill("hsl(30 50% 35%)", () =>
      context.rect(x - basket / 2, y + r * 1.55, basket, basket * 0.8),
    );
    context.strokeStyle = "hsl(30 30% 30%)";
    context.beginPath();
    for (const side of [-1, 1]) {
      context.moveTo(x + side * r * 0.18, y + r * 1.33);
      context.lineTo(x + (side * basket) / 2, y + r * 1.56);
    }
    context.stroke();
  } else {
    const horizon = random(170, 205);
    const sea = vertical(
      "hsl(205 60% 45%)",
      "hsl(215 65% 28%)",
      horizon,
      height,
    );
    fill(sea, () => context.rect(0, horizon, width, height));
    for (let wave = 0; wave < 60; wave++) {
      const [x, y] = [random(0, width), random(horizon + 6, height)];
      fill("rgb(255 255 255 / 22%)", () =>
        context.ellipse(x, y, random(6, 20), 1.5, 0, 0, 7),
      );
    }
    const [x, y, size] = [
      random(130, 270),
      random(horizon + 15, horizon + 50),
      random(60, 90),
    ];
    const top = y - size * 1.6;
    fill("white", () => {
      context.moveTo(x + 3, top);
      context.quadraticCurveTo(
        x + size * 0.9,
        y - size * 0.6,
        x + size * 0.75,
        y - size * 0.12,
      );
      context.lineTo(x + 3, y - size * 0.12);
    });
    fill(`hsl(${hue} 75% 55%)`, () => {
      context.moveTo(x - 3, top + size * 0.2);
      context.lineTo(x - size * 0.65, y - size * 0.12);
      context.lineTo(x - 3, y - size * 0.12);
    });
    fill("hsl(25 40% 25%)", () => context.rect(x - 2, top - 4, 4, size * 1.6));
    fill(`hsl(${hue + 180} 45% 32%)`, () => {
      context.moveTo(x - size, y - 4);
      context.lineTo(x + size, y - 4);
      context.quadraticCurveTo(
        x + size * 0.75,
        y + size * 0.28,
        x + size * 0.5,
        y + size * 0.28,
      );
      context.lineTo(x - size * 0.6, y + size * 0.28);
    });
  }

  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
