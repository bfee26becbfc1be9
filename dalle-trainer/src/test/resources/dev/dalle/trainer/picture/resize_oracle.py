# Made resize-oracle.txt: `resize_oracle.py area` with TensorFlow 2.21, `resize_oracle.py lanczos` with Pillow 11.3.
# Newer Pillow (seen in 13.0) goes down before across where that is cheaper, and so differs from the Pillow of the published
# preprocessing by a few grey levels; ours always goes across first, as the older one did.
import sys
import numpy as np

def pattern(h, w):
    r, c, k = np.meshgrid(np.arange(h), np.arange(w), np.arange(3), indexing='ij')
    return ((r * 37 + c * 101 + k * 59 + r * c * 7 + (r * r) // 3) % 256).astype(np.uint8)

def area(x, rows, columns):
    import tensorflow as tf
    y = tf.compat.v1.image.resize(x[None].astype(np.float32), (rows, columns), method='area', align_corners=True)
    return np.asarray(tf.cast(tf.round(tf.clip_by_value(y, 0., 255.)), tf.uint8))[0]

def lanczos(x, rows, columns):
    from PIL import Image
    return np.asarray(Image.fromarray(x).resize((columns, rows), Image.LANCZOS))

CASES = {
    'area': [(7, 5, 3, 4), (13, 13, 13, 13), (13, 9, 5, 1), (6, 6, 9, 11), (17, 12, 16, 11), (2, 3, 5, 7)],
    'lanczos': [(7, 5, 3, 4), (13, 9, 20, 9), (6, 6, 9, 11), (17, 12, 16, 5), (40, 31, 3, 2), (1, 1, 3, 3)],
}
method = sys.argv[1]
for h, w, rows, columns in CASES[method]:
    values = {'area': area, 'lanczos': lanczos}[method](pattern(h, w), rows, columns)
    print(method, h, w, rows, columns, ' '.join(str(int(v)) for v in values.reshape(-1)))
