/**
 * Reads the pixels of a bitmap. A 2D canvas multiplies colours by alpha, which loses those under
 * transparent pixels; so an image that may have alpha goes through WebGL, which keeps them.
 */
export class PixelReader {
  #canvas: OffscreenCanvas | undefined;
  #gl: WebGL2RenderingContext | null | undefined;

  /** RGBA from the top row down. `opaque` images have no alpha. */
  read(bitmap: ImageBitmap, opaque: boolean): ImageData {
    return (
      (opaque ? undefined : this.#readExactly(bitmap)) ??
      this.#readFromCanvas(bitmap)
    );
  }

  #readFromCanvas(bitmap: ImageBitmap): ImageData {
    const { width, height } = bitmap;
    // One canvas for all: a new one per image would pile up until the next collection.
    this.#canvas ??= new OffscreenCanvas(width, height);
    // Setting a size also clears what was drawn before.
    this.#canvas.width = width;
    this.#canvas.height = height;
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser has no 2D canvas in workers.");
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  }

  /** `undefined` where WebGL is missing, or too small for this image. */
  #readExactly(bitmap: ImageBitmap): ImageData | undefined {
    const gl = this.#context();
    if (!gl) return undefined;
    const { width, height } = bitmap;
    const limit = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    if (width > limit || height > limit) return undefined;

    const texture = gl.createTexture();
    const framebuffer = gl.createFramebuffer();
    try {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
      gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
      gl.texImage2D(
        gl.TEXTURE_2D,
        0,
        gl.RGBA,
        gl.RGBA,
        gl.UNSIGNED_BYTE,
        bitmap,
      );
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.framebufferTexture2D(
        gl.FRAMEBUFFER,
        gl.COLOR_ATTACHMENT0,
        gl.TEXTURE_2D,
        texture,
        0,
      );
      if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE)
        return undefined;
      const image = new ImageData(width, height);
      // readPixels wants plain bytes: the same memory under another type.
      const bytes = new Uint8Array(image.data.buffer);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      // A lost context or a full memory would leave zeros.
      return gl.getError() === gl.NO_ERROR ? image : undefined;
    } finally {
      gl.deleteFramebuffer(framebuffer);
      gl.deleteTexture(texture);
    }
  }

  #context(): WebGL2RenderingContext | null {
    if (this.#gl === undefined || this.#gl?.isContextLost()) {
      this.#gl = new OffscreenCanvas(1, 1).getContext("webgl2");
    }
    return this.#gl;
  }
}
