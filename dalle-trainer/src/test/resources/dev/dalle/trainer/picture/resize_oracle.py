# Made resize-oracle.txt: `resize_oracle.py area` with TensorFlow 2.21, `resize_oracle.py lanczos` with Pillow 11.3; and the folder centre:
# `resize_oracle.py centre` with Pillow 11.3.
# Newer Pillow (seen in 13.0) goes down before across where that is cheaper, and so differs from the Pillow of the published
# preprocessing by a few grey levels; ours always goes across first, as the older one did.
import os
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

def scene(h, w):
    """Smooth colours and sharp edges."""
    y, x = np.mgrid[0:h, 0:w] / max(h, w)
    planes = [128 + 80 * np.sin(7 * x + 2 * k + 1) * np.cos(9 * y - k) + 60 * ((x + y) * 5 % 1 > 0.7) for k in range(3)]
    return np.clip(np.stack(planes, -1), 0, 255).round().astype(np.uint8)

def centre(image, target):
    """What the usage notebook of the published weights does with TF.resize and TF.center_crop of torchvision."""
    from PIL import Image
    r = target / min(image.size)
    h, w = round(r * image.size[1]), round(r * image.size[0])
    image = image.resize((w, h), Image.LANCZOS)
    top, left = int(round((h - target) / 2.0)), int(round((w - target) / 2.0))
    return image.crop((left, top, left + target, top + target))

def write_centre():
    from PIL import Image
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'centre')
    os.makedirs(folder, exist_ok=True)
    # With 33 of 66 the long side and the offset both fall on halves, which Python rounds to even.
    for h, w, sides in [(97, 131, (64, 33)), (66, 131, (33, 66)), (133, 66, (33,)), (66, 135, (33,)), (64, 65, (64, 63)), (40, 300, (40, 39, 7)), (301, 41, (32,))]:
        image = Image.fromarray(scene(h, w))
        image.save(os.path.join(folder, f'{h}x{w}.png'), optimize=True)
        for side in sides:
            centre(image, side).save(os.path.join(folder, f'{h}x{w}-to-{side}.png'), optimize=True)

if sys.argv[1] == 'centre':
    write_centre()
    sys.exit()

CASES = {
    'area': [(7, 5, 3, 4), (13, 13, 13, 13), (13, 9, 5, 1), (6, 6, 9, 11), (17, 12, 16, 11), (2, 3, 5, 7)],
    'lanczos': [(7, 5, 3, 4), (13, 9, 20, 9), (6, 6, 9, 11), (17, 12, 16, 5), (40, 31, 3, 2), (1, 1, 3, 3)],
}
method = sys.argv[1]
for h, w, rows, columns in CASES[method]:
    values = {'area': area, 'lanczos': lanczos}[method](pattern(h, w), rows, columns)
    print(method, h, w, rows, columns, ' '.join(str(int(v)) for v in values.reshape(-1)))
